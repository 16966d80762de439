import { expect, test } from "bun:test";
import { IPAM, wireNetwork, writeNetwork } from "../../kit/nodes/own-node.ts";
import type { Stage } from "../../kit/nodes/stage.ts";
import { eventually } from "../../kit/wait.ts";
import { end, eventOf, podsOf, running, type Seen, statefulSet } from "./workloads.ts";

const APP = "pairs";
const FREE = 4;
const PODS = 6;

/** A network of two families that has fewer addresses than pods, on both nodes at once. */
export function lastAddress(stage: () => Stage): void {
  test("two nodes race to the last pair of addresses: each has one pod, the others wait and say why", async () => {
    const { kubernetes, nodes } = stage();
    for (const node of nodes) writeNetwork(node.machine(), wireNetwork(node.cniVersion, NARROW));
    try {
      await inForce(stage());
      await kubernetes.apply(statefulSet({ name: APP, replicas: PODS }));
      const first = await served(stage());
      expect(pairsOf(first)).toEqual(PAIRS);
      const late = Array.from({ length: PODS }, (_, ordinal) => `${APP}-${ordinal}`).filter(
        (name) => !first.some((pod) => pod.name === name),
      );
      for (const name of late) await eventOf(stage(), name, "no free address");
      await stage().settled();
      // Whoever goes makes room for who waits.
      await kubernetes.kubectl("scale", "statefulset", APP, `--replicas=${FREE}`);
      expect(pairsOf(await running(stage(), APP, FREE))).toEqual(PAIRS);
      await end(stage(), "statefulset", APP);
      await stage().settled();
    } finally {
      for (const node of nodes) writeNetwork(node.machine(), wireNetwork(node.cniVersion));
    }
  }, 400_000);
}

const NARROW = {
  type: IPAM.type,
  ranges: [
    [
      {
        subnet: IPAM.subnet,
        rangeStart: "10.188.14.1",
        rangeEnd: `10.188.14.${FREE}`,
        gateway: IPAM.gateway,
      },
    ],
    [{ subnet: "fd00:188::/64", rangeStart: "fd00:188::a1", rangeEnd: `fd00:188::a${FREE}` }],
  ],
  coolingSeconds: 0,
};

const PAIRS = [
  ...Array.from({ length: FREE }, (_, n) => `10.188.14.${n + 1}`),
  ...Array.from({ length: FREE }, (_, n) => `fd00:188::a${n + 1}`),
];

function pairsOf(pods: readonly Seen[]): string[] {
  return pods.flatMap(({ addresses }) => addresses).sort();
}

/** Waits until as many run as there are addresses. */
function served(stage: Stage): Promise<Seen[]> {
  return eventually(async () => {
    const pods = await podsOf(stage, APP);
    await Bun.sleep(200);
    return pods.length === FREE ? pods : undefined;
  }, 120_000);
}

/** The runtime reads the file when it sees that it has changed; a pod on each node tells when it has. */
async function inForce(stage: Stage): Promise<void> {
  for (const node of stage.nodes) {
    const name = `scout-${node.name}`;
    let families = 0;
    for (let tries = 0; families < 2 && tries < 10; tries += 1) {
      const [scout] = await lookOut(stage, name, node.name);
      families = scout?.addresses.length ?? 0;
      await end(stage, "statefulset", name);
    }
    expect([node.name, families]).toEqual([node.name, 2]);
  }
}

async function lookOut(stage: Stage, name: string, node: string): Promise<Seen[]> {
  const nodeSelector = { "kubernetes.io/hostname": node };
  await stage.kubernetes.apply(statefulSet({ name, pod: { nodeSelector } }));
  return await running(stage, name);
}
