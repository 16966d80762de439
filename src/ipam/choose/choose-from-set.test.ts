import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatAddress, parseAddress } from "../../address/address.ts";
import { parseInterval } from "../../address/interval-text.ts";
import type { IpamError } from "../errors.ts";
import { RECORD_VERSION } from "../records.ts";
import { refTo } from "../ref-to.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { holder, nodeFacts, podFacts } from "../testing/hand-over.ts";
import { add, createWorld, del, network, texts } from "../testing/world.ts";

const WEB = { owner: { kind: "Deployment", namespace: "default", name: "web", uid: "d1" } };
const WIDE = network("net", [
  { subnet: "10.0.0.0/8", first: "10.200.0.1", last: "10.200.0.9", gateway: "10.0.0.1" },
]);

/** A set of `size` addresses, each held by a pod that runs on one of `nodes` other nodes. */
async function fullSet(size: number, nodes = 3) {
  const { node, ports: portsOf, store } = createWorld();
  const cluster = new FakeCluster("cluster-1");
  const here = node("node1");
  const ports = portsOf(here, cluster, "cluster-1");
  const at = (index: number) =>
    ({ family: 4, value: parseAddress("10.1.0.0").value + BigInt(index) }) as const;
  for (let other = 0; other < nodes; other++)
    cluster.nodes.set(`w${other}`, nodeFacts({ name: `w${other}`, bootId: "boot" }));
  const options = () => ({ deadline: performance.now() + 30_000 });
  const pod = (index: number) => ({ namespace: "default", name: `web-${index}`, uid: `uid-${index}` });
  const heldBy = (index: number) =>
    holder({
      attachment: { network: "net", container: `c-${index}`, ifname: "eth0" },
      pod: pod(index),
      node: `w${index % nodes}`,
      bootId: "boot",
      cluster: "cluster-1",
    });
  for (let index = 0; index < size; index++) {
    const ref = refTo.allocation("default", at(index));
    const record = { version: RECORD_VERSION, holders: [heldBy(index)], origin: "fixed", since: "" } as const;
    await store.commit({ guards: [], puts: [{ ref, record }], deletes: [] }, options());
    cluster.addPod(podFacts({ ...pod(index), nodeName: `w${index % nodes}` }));
  }
  const set = [parseInterval(`${formatAddress(at(0))}-${formatAddress(at(size - 1))}`)];
  const seen = podFacts({ name: "new", uid: "uid-new", nodeName: "node1" });
  cluster.addPod(seen);
  let containers = 0;
  const ask = () =>
    add(ports, `new-${containers++}`, {
      network: WIDE,
      pod: { namespace: "default", name: "new", uid: "uid-new" },
      wish: { set, owner: WEB, pod: seen },
    }).then(texts, (failure: IpamError) => failure);
  return {
    ask,
    at,
    cluster,
    here,
    ports,
    store,
    free: (index: number) =>
      store.commit({ guards: [], puts: [], deletes: [refTo.allocation("default", at(index))] }, options()),
  };
}

/** How often one asks until it gets an address; -1: never within `most`. */
async function triesOf(ask: () => Promise<string[] | IpamError>, most: number): Promise<number> {
  for (let number = 1; number <= most; number++) if (Array.isArray(await ask())) return number;
  return -1;
}

describe("J92: a set of which nothing is free", () => {
  test("hands over what a fenced node holds, wherever it stands, at once", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.nat(), async (size, nth) => {
        const { ask, at, cluster } = await fullSet(size, 2);
        const index = nth % size;
        cluster.pods.delete(`default/web-${index}`);
        cluster.nodes.delete(`w${index % 2}`);
        expect(await ask()).toEqual([`${formatAddress(at(index))}/8`]);
      }),
      { numRuns: 25 },
    );
  });

  test("of 3,000 addresses: finds a fenced holder at once by one question for each node", async () => {
    const { ask, at, cluster } = await fullSet(3_000, 20);
    const index = 1_919;
    cluster.pods.delete(`default/web-${index}`);
    cluster.nodes.set("w19", nodeFacts({ name: "w19", ready: "false", outOfServiceTaint: true }));
    cluster.calls.length = 0;
    expect(await ask()).toEqual([`${formatAddress(at(index))}/8`]);
    // Its node has 150 of them.
    expect(cluster.calls.length).toBeLessThan(20 + 256 + 4 * 16);
  });

  test("of 500 addresses: finds a pod that has gone within a few tries, each of which asks a bounded number", async () => {
    const { ask, cluster } = await fullSet(500);
    cluster.pods.delete("default/web-431");
    cluster.nodes.set("w2", nodeFacts({ name: "w2", bootId: "another" }));
    // What its node's new boot says of the others is no evidence: their pods are there.
    cluster.calls.length = 0;
    const tries = await triesOf(ask, 6);
    expect(tries).toBeGreaterThan(0);
    expect(cluster.calls.length / tries).toBeLessThan(3 + 256 + 4 * 16);
  });

  test("waits for a holder that is leaving at any position", async () => {
    for (const index of [2, 19, 60]) {
      const { ask, at, cluster, free } = await fullSet(61);
      const pod = cluster.pods.get(`default/web-${index}`);
      if (pod === undefined) throw new Error("expected a pod");
      cluster.addPod({ ...pod, deleting: true });
      const asked = ask();
      await Bun.sleep(30);
      await free(index);
      expect(await asked).toEqual([`${formatAddress(at(index))}/8`]);
    }
  });

  test("says how many are in use, and names a holder and its node", async () => {
    const { ask } = await fullSet(17);
    const refused = (await ask()) as IpamError;
    expect(refused.code).toBe(11);
    expect(refused.message).toBe("all 17 addresses of kube-ipam.ips are in use");
    expect(refused.details).toStartWith(
      "list more addresses, or run fewer replicas; for example: address 10.1.0.0 ",
    );
    expect(refused.details).toContain("web-0 on node w0");
  });

  test("takes what this node's own dead sandbox holds at any position", async () => {
    const { here, ports } = await fullSet(1);
    const set = [parseInterval("10.2.0.0-10.2.0.39")];
    for (let index = 0; index < 40; index++)
      await add(ports, `mine-${index}`, {
        network: WIDE,
        pod: { namespace: "default", name: `mine-${index}`, uid: `mine-${index}` },
        wish: { set, owner: WEB },
      });
    here.removeNamespace("/run/netns/mine-33");
    const pod = { namespace: "default", name: "anew", uid: "anew" };
    expect(texts(await add(ports, "anew", { network: WIDE, pod, wish: { set, owner: WEB } }))).toEqual([
      "10.2.0.33/8",
    ]);
    await del(ports, "anew");
  });

  test("goes on past a damaged record", async () => {
    const { ask, at, cluster, store } = await fullSet(20);
    cluster.pods.delete("default/web-18");
    cluster.nodes.delete("w0");
    const read = store.read.bind(store);
    const damaged = formatAddress(at(4));
    const { StoreFailure } = await import("../store-port.ts");
    store.read = async (query, options) => {
      const hits = query.refs?.some(
        (ref) => ref.kind === "allocation" && formatAddress(ref.address) === damaged,
      );
      if (hits) throw new StoreFailure("damaged", "the record is no JSON", "look at it");
      return read(query, options);
    };
    expect(await ask()).toEqual([`${formatAddress(at(18))}/8`]);
  });
});
