import { formatAddress } from "../../../src/address/address.ts";
import { freeFenced } from "../../../src/ipam/free/free-fenced.ts";
import { NO_WISH } from "../../../src/ipam/wish.ts";
import { type Fleet, type NamedPod, pick } from "./fleet.ts";
import { fixedAddress } from "./pool.ts";
import type { SimulatedNode } from "./simulated-node.ts";

/** Pods with fixed addresses start on these nodes, each a workload of its own. */
export async function startFixed(
  fleet: Fleet,
  numbers: readonly number[],
  nodes: readonly SimulatedNode[],
): Promise<void> {
  await Promise.all(
    numbers.map(async (number, index) => {
      await fleet.between();
      const node = nodes[index % nodes.length];
      if (node !== undefined) await fleet.start(node, fixedPod(number));
    }),
  );
}

function fixedPod(number: number): NamedPod {
  const owner = { kind: "StatefulSet", namespace: "default", name: `db${number}`, uid: `uid-db${number}` };
  const fixed = [{ address: fixedAddress(number), source: "kube-ipam.ip" }];
  return { name: `db${number}-0`, wish: { ...NO_WISH, fixed, owner: { owner, ordinal: 0 } } };
}

/**
 * Fixed addresses go to pods of the same workloads on any nodes.
 *
 * @returns those that did not get theirs.
 */
export async function takeOver(
  fleet: Fleet,
  numbers: readonly number[],
  random: () => number,
): Promise<number[]> {
  await Promise.all(
    numbers.map(async (number) => {
      await fleet.between();
      await fleet.start(pick(fleet.nodes, random), fixedPod(number));
    }),
  );
  const has = new Map([...fleet.books.running.values()].map(({ pod, address }) => [pod.name, address]));
  return numbers.filter((number) => has.get(`db${number}-0`) !== formatAddress(fixedAddress(number)));
}

/** What a controller does for nodes that are deleted, for all of them at once. @returns how many attachments it freed. */
export async function freeLost(fleet: Fleet, lost: readonly SimulatedNode[]): Promise<number> {
  const [any] = fleet.nodes;
  if (any === undefined) throw new Error("expected a node that is left");
  const ports = any.ports({ reads: 0, commits: 0, lost: 0 });
  const options = { deadline: performance.now() + 120_000 };
  const freed = lost.map(async ({ name }) => {
    let count = 0;
    for await (const entry of ports.store.list({ kind: "attachment", node: name }, options))
      if ((await freeFenced(entry, 0, ports, options)) !== undefined) count += 1;
    return count;
  });
  return (await Promise.all(freed)).reduce((sum, count) => sum + count, 0);
}

/** Pods of any nodes end, all at once. */
export async function endSome(fleet: Fleet, count: number): Promise<void> {
  await Promise.all(fleet.some(count).map((pod) => fleet.end(pod)));
}
