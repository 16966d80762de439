import { formatAddress, parseAddress } from "../../address/address.ts";
import { type Interval, overlaps } from "../../address/interval.ts";
import { refuseNewer } from "../integrity/newer.ts";
import { untilWon } from "../integrity/until-won.ts";
import { BLOCK_KIND } from "../own-kinds.ts";
import type { Ports } from "../ports.ts";
import { RECORD_VERSION, type ReservedRange } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions } from "../store-port.ts";
import { intervalOf } from "./reserved-ranges.ts";

/** Addresses that nobody gets until a node has reported what it holds. */
export interface Block {
  readonly node: string;
  readonly interval: Interval;
}

/** The block of one address that living attachments of two nodes have. */
export function blockOfConflict({
  node,
  address,
}: {
  readonly node: string;
  readonly address: string;
}): Block {
  const point = parseAddress(address);
  return { node, interval: { first: point, last: point } };
}

/** The block in a reserved range; undefined for an operator's range. */
export function blockIn(range: ReservedRange): Block | undefined {
  const { kind, name } = range.reservation.owner;
  return kind === BLOCK_KIND ? { node: name, interval: intervalOf(range) } : undefined;
}

/** Sorted names of the nodes whose blocks overlap one of the intervals. */
export function blockersOf(ranges: readonly ReservedRange[], intervals: readonly Interval[]): string[] {
  const nodes = ranges.flatMap((range) => {
    const block = blockIn(range);
    const within = block !== undefined && intervals.some((interval) => overlaps(block.interval, interval));
    return within ? [block.node] : [];
  });
  return [...new Set(nodes)].sort();
}

/** What to do about the blocks of these nodes, for the details of an error. */
export function waysOut(nodes: readonly string[]): string {
  const [node = ""] = nodes;
  const silent =
    nodes.length === 1
      ? `node ${node} has not reported yet what its pods hold`
      : `nodes ${nodes.join(", ")} have not reported yet what their pods hold`;
  return (
    `the store was recovered, and ${silent}: ` +
    "start the agent there, or run 'kube-ipam recover --this-node' there; " +
    `if no pod on node ${node} holds an address any more, run 'kube-ipam recover --forget ${node}'`
  );
}

/**
 * Changes the blocks of one space, and leaves all other reserved ranges as they are.
 *
 * @throws StoreFailure, IpamError.
 */
export async function rewriteBlocks(
  space: string,
  change: (blocks: readonly Block[]) => readonly Block[],
  ports: Ports,
  options: CallOptions,
): Promise<void> {
  const ref = refTo.reservedRanges(space);
  await untilWon(`block ranges of space '${space}'`, async () => {
    const present = (await ports.store.read({ refs: [ref] }, options)).get(ref);
    if (present !== undefined) refuseNewer(present.record.version, `the reserved ranges of space '${space}'`);
    const ranges = present?.record.ranges ?? [];
    const next = [
      ...ranges.filter((range) => blockIn(range) === undefined),
      ...change(ranges.flatMap((range) => blockIn(range) ?? [])).map((block) => rangeOf(block, ranges)),
    ];
    if (Bun.deepEquals(next, ranges)) return true;
    const outcome = await ports.store.commit(
      {
        guards: [{ ref, revision: present?.revision ?? 0 }],
        puts: [{ ref, record: { version: RECORD_VERSION, ranges: next } }],
        deletes: [],
      },
      options,
    );
    return outcome.won ? true : undefined;
  });
}

/**
 * Removes all blocks of these nodes.
 *
 * @returns the sorted names of those that had blocks.
 * @throws StoreFailure, IpamError.
 */
export async function liftBlocks(
  nodes: readonly string[],
  ports: Ports,
  options: CallOptions,
): Promise<string[]> {
  const lifted = new Set<string>();
  for await (const { ref } of ports.store.list({ kind: "reservedRanges" }, options)) {
    await rewriteBlocks(
      ref.space,
      (blocks) => {
        for (const { node } of blocks) if (nodes.includes(node)) lifted.add(node);
        return blocks.filter(({ node }) => !nodes.includes(node));
      },
      ports,
      options,
    );
  }
  return [...lifted].sort();
}

function rangeOf({ node, interval }: Block, present: readonly ReservedRange[]): ReservedRange {
  const first = formatAddress(interval.first);
  const last = formatAddress(interval.last);
  const same = present.find(
    (range) => range.first === first && range.last === last && blockIn(range)?.node === node,
  );
  const owner = { kind: BLOCK_KIND, namespace: "", name: node };
  const reservation = { version: RECORD_VERSION, owner, kind: "operator", retain: "keep" } as const;
  return same ?? { first, last, reservation: { ...reservation, since: new Date().toISOString() } };
}
