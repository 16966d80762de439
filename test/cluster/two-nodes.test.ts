import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { ClusterNode, Sandbox } from "../kit/cluster-node.ts";
import { added, addressesOf, refused } from "../kit/cni.ts";
import { HandOverLog } from "../kit/hand-over-log.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { pod } from "../kit/kubernetes-objects.ts";
import { type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";

/** Two machines, one etcd, one API server: pods with fixed addresses move between them. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`two nodes: ${missing}`, () => {});

const PODS = 50;
const AT_ONCE = 6;

interface Home {
  readonly node: ClusterNode;
  readonly sandbox: Sandbox;
}

describe.skipIf(missing !== undefined)("two nodes", () => {
  let world: PodsOnNodes;
  let nodes: readonly [ClusterNode, ClusterNode];
  let log: HandOverLog;

  beforeAll(async () => {
    world = await podsOnNodes();
    await world.kubernetes.apply({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "default" },
    });
    const network = {
      cniVersion: "1.0.0",
      name: "net1",
      type: "macvlan",
      ipam: {
        ...world.ipam,
        subnet: "10.1.0.0/16",
        rangeStart: "10.1.2.2",
        rangeEnd: "10.1.2.51",
        coolingSeconds: 0,
      },
    };
    nodes = [await world.node("n1", network), await world.node("n2", network)];
  }, 120_000);
  afterAll(() => world?.[Symbol.asyncDispose]());
  beforeEach(() => {
    log = new HandOverLog();
  });

  const other = (node: ClusterNode) => (node === nodes[0] ? nodes[1] : nodes[0]);

  async function create(name: string, node: ClusterNode, annotations: Record<string, string>): Promise<Home> {
    await world.kubernetes.request(
      "POST",
      "/api/v1/namespaces/default/pods",
      pod({ name, node: node.name, annotations }),
    );
    return { node, sandbox: await node.makeSandbox(await world.find(name)) };
  }

  async function attach({ node, sandbox }: Home): Promise<string> {
    const [address = ""] = addressesOf(added(await node.add(sandbox)));
    log.got(address, sandbox.container);
    return address;
  }

  /** As the kubelet does, a new sandbox for each try; the one that got its address is left to `attach`. */
  async function retried({ node, sandbox: { pod: of } }: Home, tries = 20): Promise<Home> {
    for (let attempt = 1; ; attempt++) {
      const sandbox = await node.makeSandbox(of);
      const finished = await node.add(sandbox);
      if (finished.exitCode === 0 || attempt === tries) return { node, sandbox };
      await node.end(sandbox);
      await Bun.sleep(200);
    }
  }

  async function leave({ node, sandbox }: Home, address: string): Promise<void> {
    log.gaveBack(address, sandbox.container);
    await node.end(sandbox);
  }

  test(`${PODS} fixed pods are deleted and made again on the other node, ADD before DEL`, async () => {
    await eachAtOnce(PODS, async (index) => {
      const name = `fix-${index}`;
      const address = `10.1.9.${index + 1}`;
      const annotations = { "kube-ipam.ip": address };
      let home = await create(name, nodes[index % 2 === 0 ? 0 : 1], annotations);
      expect(await attach(home)).toBe(address);
      for (let round = 0; round < 2; round++) {
        const before = home;
        await world.forget(name);
        home = await create(name, other(before.node), annotations);
        const adding = attach(home);
        await Bun.sleep(Math.random() * 1_500);
        await leave(before, address);
        expect(await adding).toBe(address);
      }
      await leave(home, address);
      await world.forget(name);
    });
    expect(log.count).toBe(3 * PODS);
    expect(log.overlaps()).toEqual([]);
  }, 300_000);

  test("a pool of exactly as many addresses as pods survives a power cut of every node", async () => {
    const homes: Home[] = [];
    const given = new Map<string, string>();
    await eachAtOnce(PODS, async (index) => {
      const home = await create(`p-${index}`, nodes[index % 2 === 0 ? 0 : 1], {});
      homes.push(home);
      given.set(home.sandbox.pod.name, await attach(home));
    });
    expect(new Set(given.values()).size).toBe(PODS);
    for (const { sandbox } of homes) log.gaveBack(given.get(sandbox.pod.name) ?? "", sandbox.container);
    for (const node of nodes) {
      await node.powerCut();
      await world.report(node);
    }
    const back: Home[] = [];
    await eachAtOnce(PODS, async (index) => {
      const home = homes[index];
      if (home === undefined) return;
      const again = await retried(home);
      await attach(again);
      back.push(again);
    });
    expect(log.count).toBe(2 * PODS);
    expect(log.overlaps()).toEqual([]);
    await eachAtOnce(PODS, async (index) => {
      const home = back[index];
      if (home !== undefined) await home.node.end(home.sandbox);
    });
  }, 300_000);

  test("a lost node's fixed pod waits for its fence, then moves", async () => {
    const annotations = { "kube-ipam.ip": "10.1.9.200" };
    const home = await create("lost", nodes[0], annotations);
    await attach(home);
    await world.report(nodes[0], { ready: "Unknown" });
    await world.forget("lost");
    const again = await create("lost", nodes[1], annotations);
    const adding = nodes[1].add(again.sandbox);
    await Bun.sleep(1_500);
    await world.report(nodes[0], { ready: "Unknown", outOfService: true });
    expect(addressesOf(added(await adding))).toEqual(["10.1.9.200"]);
    await world.report(nodes[0]);
    // The old kubelet comes back and sends the late DEL: it must not free the new owner's address.
    await nodes[0].end(home.sandbox);
    const thief = await create("thief", nodes[0], annotations);
    const error = refused(await nodes[0].add(thief.sandbox));
    expect(`${error.code} ${error.msg}`).toBe(
      "11 address 10.1.9.200 is held by the running pod default/lost on node n2",
    );
  }, 60_000);

  test("a pod's new sandbox on its node gets the address once the old one's DEL has come", async () => {
    const home = await create("restart", nodes[0], { "kube-ipam.ip": "10.1.9.201" });
    await attach(home);
    const again = { node: nodes[0], sandbox: await nodes[0].makeSandbox(home.sandbox.pod) };
    const adding = attach(again);
    await Bun.sleep(700);
    await leave(home, "10.1.9.201");
    expect(await adding).toBe("10.1.9.201");
    expect(log.overlaps()).toEqual([]);
  }, 60_000);

  test("a pod that is deleted while its ADD waits gets nothing", async () => {
    const annotations = { "kube-ipam.ip": "10.1.9.203" };
    const home = await create("leaving", nodes[0], annotations);
    await attach(home);
    await world.forget("leaving");
    const late = await create("late", nodes[1], annotations);
    const adding = nodes[1].add(late.sandbox);
    await Bun.sleep(1_500);
    await world.forget("late");
    await leave(home, "10.1.9.203");
    const error = refused(await adding);
    expect(`${error.code} ${error.msg}`).toBe(
      "108 pod default/late, which asks for address 10.1.9.203, is gone or was replaced",
    );
  }, 60_000);

  test("FAIL-CLOSED: with the API server down an annotated pod gets an error, never another address; a repeated ADD the same", async () => {
    const before = await create("before", nodes[0], { "kube-ipam.ip": "10.1.9.204" });
    await attach(before);
    const home = await create("closed", nodes[0], { "kube-ipam.ip": "10.1.9.202" });
    await world.kubernetes.apiServer.stop();
    try {
      expect(refused(await nodes[0].add(home.sandbox)).code).toBe(11);
      expect(addressesOf(added(await nodes[0].add(before.sandbox)))).toEqual(["10.1.9.204"]);
    } finally {
      await world.kubernetes.apiServer.start();
    }
    expect(await attach(home)).toBe("10.1.9.202");
  }, 120_000);
});

/** Runs `work` for 0..count-1 in random order, a few at once; all end before a failure is thrown. */
async function eachAtOnce(count: number, work: (index: number) => Promise<void>): Promise<void> {
  const left = Array.from({ length: count }, (_, index) => index).sort(() => Math.random() - 0.5);
  const lane = async () => {
    for (let index = left.pop(); index !== undefined; index = left.pop()) await work(index);
  };
  const results = await Promise.allSettled(Array.from({ length: AT_ONCE }, lane));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
