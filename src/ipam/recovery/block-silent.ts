import type { Interval } from "../../address/interval.ts";
import { subtract } from "../../address/interval.ts";
import { IpamError } from "../errors.ts";
import { untilWon } from "../integrity/until-won.ts";
import type { PoolOfNodes } from "../network.ts";
import { type Labels, missingLabels } from "../node-labels.ts";
import type { Ports } from "../ports.ts";
import { type Block, blockOfConflict, rewriteBlocks } from "../reserve/blocks.ts";
import type { CallOptions } from "../store-port.ts";
import { type Answers, conflictsOf } from "./answers.ts";

/** What decides which addresses a silent node may hold. */
export interface Blocking {
  /** Labels of nodes that Kubernetes knows. */
  readonly labels: ReadonlyMap<string, Labels>;
  readonly pools: readonly PoolOfNodes[];
  /** All address spaces that are known to be in use. */
  readonly spaces: (answers: Answers) => readonly string[];
}

/** How many silent nodes a recovery blocks at most, because every ADD reads the blocks. */
const MOST_SILENT = 40;

const WHOLE: readonly Interval[] = [
  { first: { family: 4, value: 0n }, last: { family: 4, value: 2n ** 32n - 1n } },
  { first: { family: 6, value: 0n }, last: { family: 6, value: 2n ** 128n - 1n } },
];

/**
 * Blocks the addresses that silent nodes may hold, and each address that two living attachments have. A
 * silent node may hold every address but those of pools for other nodes. A node that answers meanwhile
 * removes its blocks itself, or a second read of the answers finds it.
 *
 * @param readAgain reads the answers as they are now.
 * @returns the answers that the blocks match.
 * @throws IpamError tryAgain where too many nodes are silent, or the answers keep changing; StoreFailure.
 */
export async function blockSilent(
  readAgain: () => Promise<Answers>,
  blocking: Blocking,
  ports: Ports,
  options: CallOptions,
): Promise<Answers> {
  let answers = await readAgain();
  return untilWon("block what silent nodes may hold", async () => {
    const blockedFor = answers;
    if (blockedFor.silent.length > MOST_SILENT) throw tooMany(blockedFor.silent.length);
    for (const space of blocking.spaces(blockedFor)) {
      const blocks = blocksOf(blockedFor, space, blocking);
      await rewriteBlocks(space, () => blocks, ports, options);
    }
    answers = await readAgain();
    return Bun.deepEquals(gistOf(answers), gistOf(blockedFor)) ? answers : undefined;
  });
}

function blocksOf(answers: Answers, space: string, blocking: Blocking): Block[] {
  const ofConflicts = conflictsOf(answers).filter((conflict) => conflict.space === space);
  return [
    ...answers.silent.flatMap((node) => mayHold(node, space, blocking)),
    ...ofConflicts.map(blockOfConflict),
  ];
}

/** The part of the answers that the blocks depend on. */
function gistOf(answers: Answers): unknown {
  return [answers.silent, conflictsOf(answers).map(({ node, space, address }) => [node, space, address])];
}

function mayHold(node: string, space: string, { labels, pools }: Blocking): Block[] {
  const own = labels.get(node);
  const forOthers = pools.filter((pool) => pool.space === space && own !== undefined && !fits(pool, own));
  const holes = forOthers.flatMap(({ intervals }) => intervals);
  return WHOLE.flatMap((whole) => subtract(whole, holes)).map((interval) => ({ node, interval }));
}

function fits({ nodes = {} }: PoolOfNodes, labels: Labels): boolean {
  return missingLabels(nodes, labels).length === 0;
}

function tooMany(count: number): IpamError {
  return new IpamError(
    "tryAgain",
    `${count} nodes have not answered; the store stays in recovery and gives out no addresses`,
    `kube-ipam can block the ranges of at most ${MOST_SILENT} silent nodes: make sure that the agents run, then run ` +
      "'kube-ipam recover' again with a longer --timeout; name nodes that hold nothing any more with --forget",
  );
}
