import { describe, expect, test } from "bun:test";
import { formatAddress, parseAddress } from "../../address/address.ts";
import { parseInterval } from "../../address/interval-text.ts";
import type { OwnerFacts, PodFacts } from "../cluster-port.ts";
import type { Owner, ReservationRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { podFacts } from "../testing/hand-over.ts";
import { type Asked, add, createWorld, del, network, smallNetwork, texts } from "../testing/world.ts";
import type { Wish } from "../wish.ts";

const DEPLOYMENT: Owner = { kind: "Deployment", namespace: "default", name: "web", uid: "d1" };
const SET: Owner = { kind: "StatefulSet", namespace: "default", name: "s", uid: "s1" };

function scene() {
  const { log, node, ports: portsOf, store } = createWorld();
  const cluster = new FakeCluster("cluster-1");
  const ports = portsOf(node("node1"), cluster, "cluster-1");
  const options = () => ({ deadline: performance.now() + 5_000 });
  const ask = async (name: string, facts: OwnerFacts, wish: Partial<Wish>, asked: Asked = {}) => {
    const annotations = Object.fromEntries(
      (wish.fixed ?? []).map(({ address, source }) => [source, formatAddress(address)]),
    );
    const references = [
      {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        name: `${facts.owner.name}-1`,
        uid: "r",
        controller: true,
      },
    ];
    const seen: PodFacts = podFacts({
      name,
      uid: `uid-${name}`,
      annotations,
      nodeName: "node1",
      ownerReferences: references,
    });
    cluster.addPod(seen, facts);
    const lasting = Object.keys(wish).length > 0;
    const pod = { namespace: "default", name, uid: `uid-${name}` };
    return texts(
      await add(ports, name, {
        pod,
        ...asked,
        wish: { ...wish, pod: seen, ...(lasting && { owner: facts }) },
      }),
    );
  };
  const end = async (name: string) => {
    await del(ports, name);
    cluster.pods.delete(`default/${name}`);
  };
  const reserved = async () => {
    const found: string[] = [];
    for await (const { ref } of store.list({ kind: "reservation" }, options()))
      found.push(formatAddress(ref.address));
    return found.sort();
  };
  const reservation = async (text: string) => {
    const ref = refTo.reservation("default", parseAddress(text));
    return (await store.read({ refs: [ref] }, options())).get(ref)?.record;
  };
  const put = (text: string, record: ReservationRecord) =>
    store.commit(
      { guards: [], puts: [{ ref: refTo.reservation("default", parseAddress(text)), record }], deletes: [] },
      options(),
    );
  const putRange = (text: string, record: ReservationRecord) => {
    const range = { first: text, last: text, reservation: record };
    const put = { ref: refTo.reservedRanges("default"), record: { version: 1, ranges: [range] } };
    return store.commit({ guards: [], puts: [put], deletes: [] }, options());
  };
  return { ports, log, cluster, ask, end, reserved, reservation, put, putRange };
}

const ip = (...addresses: string[]): Partial<Wish> => ({
  fixed: addresses.map((text) => ({ address: parseAddress(text), source: "kube-ipam.ip" })),
});
const web = { owner: DEPLOYMENT };
const s0 = { owner: SET, ordinal: 0 };
const TEMPLATE = "Deployment default/web";

const dualStack = () =>
  network(
    "net1",
    [{ subnet: "10.1.2.0/24", first: "10.1.2.2", last: "10.1.2.254", gateway: "10.1.2.1" }],
    [{ subnet: "fd00::/64", first: "fd00::2", last: "fd00::ff" }],
  );

describe("J89: a Deployment's former address", () => {
  test("ends where the template names another one, as the new pod does", async () => {
    const { ask, cluster, end, log, reserved } = scene();
    await ask("web-1", web, ip("10.1.2.51"));
    await end("web-1");
    cluster.templates.set(TEMPLATE, { "kube-ipam.ip": "10.1.2.52" });
    await ask("web-2", web, ip("10.1.2.52"));
    expect(await reserved()).toEqual(["10.1.2.52"]);
    expect(log).toContain(
      "info pod default/web-2 has 10.1.2.52 now: the reservation of 10.1.2.51 for Deployment default/web ends",
    );
    expect(cluster.calls.some((call) => call.startsWith("pods "))).toBe(false);
  });

  test("ends with the pod that still holds it, in a rolling update", async () => {
    const { ask, cluster, end, reserved, reservation } = scene();
    await ask("web-1", web, ip("10.1.2.51"));
    cluster.templates.set(TEMPLATE, { "kube-ipam.ip": "10.1.2.52" });
    await ask("web-2", web, ip("10.1.2.52"));
    expect(await reserved()).toEqual(["10.1.2.51", "10.1.2.52"]);
    expect((await reservation("10.1.2.51"))?.retain).toBe("delete");
    await end("web-1");
    expect(await reserved()).toEqual(["10.1.2.52"]);
  });

  test("ends without an address in its place, where the annotation is gone", async () => {
    const { ask, cluster, end, reserved } = scene();
    await ask("web-1-x", web, ip("10.1.2.51"));
    await end("web-1-x");
    cluster.templates.set(TEMPLATE, {});
    await ask("web-1-y", web, {});
    expect(await reserved()).toEqual([]);
  });

  test("stays where the template names it: a pod of an earlier revision came back", async () => {
    const { ask, cluster, reserved, reservation } = scene();
    cluster.templates.set(TEMPLATE, { "kube-ipam.ip": "10.1.2.52" });
    await ask("web-2", web, ip("10.1.2.52"));
    await ask("web-1", web, ip("10.1.2.51"));
    expect(await reserved()).toEqual(["10.1.2.51", "10.1.2.52"]);
    expect((await reservation("10.1.2.52"))?.retain).toBe("workload");
  });

  test("stays where another pod names it, whose annotations differ from the template's", async () => {
    const { ask, cluster, end, ports, reserved } = scene();
    cluster.templates.set(TEMPLATE, {});
    await ask("web-a", web, ip("10.1.2.51"));
    await del(ports, "web-a");
    await ask("web-b", web, ip("10.1.2.52"));
    expect(await reserved()).toEqual(["10.1.2.51", "10.1.2.52"]);
    await end("web-a");
    await end("web-b");
    await ask("web-c", web, ip("10.1.2.52"));
    expect(await reserved()).toEqual(["10.1.2.52"]);
  });

  test.each([
    ["its template is not read", (cluster: FakeCluster) => cluster.goDown()],
    [
      "its template cannot be understood",
      ({ templates }: FakeCluster) => void templates.set(TEMPLATE, { "kube-ipam.ip": "x" }),
    ],
  ])("stays where %s", async (_what, break_) => {
    const { ask, cluster, end, reserved } = scene();
    await ask("web-1", web, ip("10.1.2.51"));
    await end("web-1");
    break_(cluster);
    await ask("web-2", web, ip("10.1.2.52"));
    expect(await reserved()).toEqual(["10.1.2.51", "10.1.2.52"]);
  });

  test("of a set or a sticky workload stays as long as the wish means it", async () => {
    const { ask, cluster, end, reserved } = scene();
    const ips = (text: string) => ({ set: [parseInterval(text)] });
    cluster.templates.set(TEMPLATE, { "kube-ipam.ips": "10.1.2.20-10.1.2.22" });
    await ask("web-1", web, ips("10.1.2.20-10.1.2.22"));
    await ask("web-2", web, ips("10.1.2.20-10.1.2.22"));
    await end("web-1");
    await ask("web-3", web, ips("10.1.2.20-10.1.2.22"));
    const before = await reserved();
    expect(before.slice(0, 2)).toEqual(["10.1.2.20", "10.1.2.21"]);
    await end("web-2");
    await end("web-3");
    cluster.templates.set(TEMPLATE, { "kube-ipam.ips": "10.1.2.21-10.1.2.24" });
    await ask("web-4", web, ips("10.1.2.21-10.1.2.24"));
    expect(await reserved()).not.toContain("10.1.2.20");
    expect(await reserved()).toEqual(expect.arrayContaining(before.slice(1)));
  });

  test("of one family ends where another one is named for it, also if the workload is sticky in the other", async () => {
    const { ask, cluster, end, reserved } = scene();
    const asked = { network: dualStack() };
    const wish = (address: string) => ({ ...ip(address), sticky: true });
    await ask("web-1", web, wish("10.1.2.51"), asked);
    const six = (await reserved()).find((text) => text.includes(":"));
    await end("web-1");
    cluster.templates.set(TEMPLATE, { "kube-ipam.ip": "10.1.2.52", "kube-ipam.sticky": "true" });
    await ask("web-2", web, wish("10.1.2.52"), asked);
    expect(await reserved()).toEqual(["10.1.2.52", six ?? ""]);
  });
});

describe("J90: what a pod that comes back had before", () => {
  test("stays where somebody asked to keep it, or an operator reserved it", async () => {
    const { ask, end, put, reserved, reservation } = scene();
    await ask("s-0", s0, { ...ip("10.1.2.51"), retain: "keep" });
    await end("s-0");
    await ask("s-0", s0, ip("10.1.2.52"));
    await end("s-0");
    const kept = await reservation("10.1.2.52");
    if (kept === undefined) throw new Error("expected a reservation");
    await put("10.1.2.52", { ...kept, kind: "operator" });
    await ask("s-0", s0, ip("10.1.2.53"));
    expect(await reserved()).toEqual(["10.1.2.51", "10.1.2.52", "10.1.2.53"]);
  });

  test("ends with the sandbox that still holds all of it, also where its record has several addresses", async () => {
    const { ask, end, ports, reserved } = scene();
    const dual = dualStack();
    await ask("s-0", s0, ip("10.1.2.51", "fd00::51"), { network: dual });
    const pod = { namespace: "default", name: "s-0", uid: "uid-new" };
    const seen = podFacts({ name: "s-0", uid: "uid-new", nodeName: "node1" });
    const wish = { ...ip("10.1.2.52", "fd00::52"), owner: s0, pod: seen };
    await add(ports, "anew", { network: dual, pod, wish });
    expect(await reserved()).toEqual(["10.1.2.51", "10.1.2.52", "fd00::51", "fd00::52"]);
    await end("s-0");
    expect(await reserved()).toEqual(["10.1.2.52", "fd00::52"]);
  });

  test("of a further network stays when the first one's wish changes", async () => {
    const { ask, reserved } = scene();
    const second = { ...smallNetwork(), name: "net2" };
    await ask("s-0", s0, ip("10.1.2.61"), { network: second, ifname: "net1" });
    await ask("s-0", s0, { sticky: true });
    const before = await reserved();
    expect(before).toContain("10.1.2.61");
    expect(before).toHaveLength(2);
  });

  test("GUARDED: what its new owner reserved meanwhile is not ended", async () => {
    const { ask, end, ports, put, reservation } = scene();
    await ask("s-0", s0, ip("10.1.2.51"));
    await end("s-0");
    const record = await reservation("10.1.2.51");
    if (record === undefined) throw new Error("expected a reservation");
    const commit = ports.store.commit.bind(ports.store);
    let raced = false;
    const store = Object.assign(Object.create(ports.store), {
      commit: async (...call: Parameters<typeof commit>) => {
        if (!raced && call[0].deletes.some(({ kind }) => kind === "reservation")) {
          raced = true;
          await put("10.1.2.51", { ...record, owner: DEPLOYMENT });
        }
        return commit(...call);
      },
    });
    const pod = { namespace: "default", name: "s-0", uid: "uid-s-0" };
    await add({ ...ports, store }, "c2", { pod, wish: { ...ip("10.1.2.52"), owner: s0 } });
    expect(raced).toBe(true);
    expect((await reservation("10.1.2.51"))?.owner).toEqual(DEPLOYMENT);
  });
});

describe("J91: a sticky address that can no longer be given", () => {
  const gateway = (last: string) =>
    network("net1", [{ subnet: "10.1.2.0/24", first: "10.1.2.2", last: "10.1.2.254", gateway: last }]);
  const excluding = (text: string) => ({
    ...smallNetwork(),
    exclude: [{ first: parseAddress(text), last: parseAddress(text) }],
  });
  const moved = network("net1", [
    { subnet: "10.9.0.0/24", first: "10.9.0.2", last: "10.9.0.254", gateway: "10.9.0.1" },
  ]);

  test.each([
    ["excluded", excluding],
    ["the gateway", gateway],
    ["outside of the subnet", () => moved],
  ])("because it is %s is replaced by another one for good, and ends", async (_why, change) => {
    for (const facts of [
      s0,
      { owner: SET, place: "s-0" },
      web,
      { owner: { kind: "Pod", namespace: "default", name: "s-0" } },
    ]) {
      const { ask, cluster, end, log, reserved } = scene();
      cluster.templates.set(TEMPLATE, { "kube-ipam.sticky": "true" });
      const [given = ""] = await ask("s-0", facts, { sticky: true });
      await end("s-0");
      const asked = { network: change(given.replace("/24", "")) };
      const [instead = ""] = await ask("s-0", facts, { sticky: true }, asked);
      expect(instead).not.toBe(given);
      expect(await reserved()).toEqual([instead.replace("/24", "")]);
      expect(log.join("\n")).toContain(`the reservation of ${given.replace("/24", "")} for `);
      await end("s-0");
      expect(await ask("s-0", facts, { sticky: true }, asked)).toEqual([instead]);
    }
  });

  test("because an operator reserved it for somebody else is replaced, and stays the operator's", async () => {
    for (const [facts, alone] of [
      [s0, true],
      [{ owner: SET, place: "s-0" }, true],
      [s0, false],
      [web, false],
    ] as const) {
      const { ask, cluster, end, put, putRange, reservation } = scene();
      cluster.templates.set(TEMPLATE, { "kube-ipam.sticky": "true" });
      const [given = ""] = await ask("s-0", facts, { sticky: true });
      await end("s-0");
      const text = given.replace("/24", "");
      const record = await reservation(text);
      if (record === undefined) throw new Error("expected a reservation");
      const owner: Owner = { kind: "Note", namespace: "", name: "plc" };
      const byOperator = { ...record, owner, kind: "operator" } as const;
      if (alone) await put(text, byOperator);
      else await putRange(text, byOperator);
      const [instead] = await ask("s-0", facts, { sticky: true });
      expect(instead).not.toBe(given);
      expect((await reservation(text))?.owner).toEqual(alone ? owner : (undefined as never));
      await end("s-0");
      expect(await ask("s-0", facts, { sticky: true })).toEqual([instead ?? ""]);
    }
  });
});
