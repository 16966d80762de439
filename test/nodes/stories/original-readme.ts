import { expect, test } from "bun:test";
import { WIRE } from "../../kit/nodes/network.ts";
import { liveSandboxes } from "../../kit/nodes/sandboxes.ts";
import type { Stage } from "../../kit/nodes/stage.ts";
import { eventually } from "../../kit/wait.ts";
import { cordon, deployment, end, replaced, running, type Seen } from "./workloads.ts";

const ADDRESS = "10.188.0.216";
const APP = "fixed-ip-test";

/** The story of the original's README: a pod with 10.188.0.216 is deleted and comes back with it. */
export function originalReadme(stage: () => Stage): void {
  test("a deleted pod comes back with its address, on its node and on the other one", async () => {
    const { kubernetes } = stage();
    await kubernetes.apply(FIXED_IP_TEST);
    const [first] = await running(stage(), APP);
    expect(first?.address).toBe(ADDRESS);
    if (first === undefined) return;
    await reached(stage());

    await kubernetes.kubectl("delete", "pod", first.name);
    const second = await replaced(stage(), APP, first);
    expect(second.address).toBe(ADDRESS);

    // There and back again: each node has another main plugin's release, and both must announce.
    let pod = second;
    for (let move = 0; move < 2; move += 1) {
      await using _closed = await cordon(stage(), pod.node);
      await kubernetes.kubectl("delete", "pod", pod.name);
      const moved = await replaced(stage(), APP, pod);
      expect(moved).toMatchObject({ address: ADDRESS, node: stage().other(pod.node).name });
      // The router had the old interface's hardware address, and nothing but the pod told it otherwise.
      expect(await neighbour(stage(), macOf(stage(), moved))).toBe(macOf(stage(), moved));
      await reached(stage());
      pod = moved;
    }
    await stage().settled();
    await end(stage(), "deployment", APP);
    await stage().settled();
  }, 300_000);
}

const FIXED_IP_TEST = deployment({
  name: APP,
  annotations: {
    "kube-ipam.ip": ADDRESS,
    "kube-ipam.netmask": "255.255.0.0",
    "kube-ipam.gateway": "10.188.0.1",
  },
  spec: { strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } } },
});

/** The router gets an answer from the address; it keeps the neighbour in its table. */
async function reached({ router }: Stage): Promise<void> {
  await router.exec("ping", "-c", "1", "-w", "10", "-i", "0.2", ADDRESS);
}

/** What the router's table says within two seconds; what it says then, when that is not what was expected. */
async function neighbour({ router }: Stage, expected: string): Promise<string> {
  let last = "";
  await eventually(async () => {
    const table = await router.exec("ip", "neigh", "show", ADDRESS, "dev", WIRE);
    last = /lladdr (\S+)/.exec(table)?.[1] ?? table;
    return last === expected || undefined;
  }, 2_000).catch(() => undefined);
  return last;
}

function macOf(stage: Stage, { node, uid }: Seen): string {
  const sandbox = liveSandboxes(stage.node(node).machine()).find((each) => each.uid === uid);
  return sandbox?.addresses.find(({ address }) => address === ADDRESS)?.mac ?? "";
}
