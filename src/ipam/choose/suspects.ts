import type { AskingPod, NodeFacts, PodFacts } from "../cluster-port.ts";
import { fenceOf, holderPodIsGone } from "../evidence/fencing.ts";
import { type Live, readLive } from "../evidence/live-read.ts";
import { askingOf, localFactsOf } from "../hand-over/gather-facts.ts";
import { decidedLocally, judge } from "../hand-over/judge.ts";
import type { Holder } from "../records.ts";
import type { Attempt } from "../view/attempt.ts";
import type { Holding } from "./set-holdings.ts";

/** Requests at once: a try must neither take long nor fall on the API server. */
const AT_ONCE = 8;
/** Nodes, and pods, that one try asks Kubernetes about. */
const MOST_NODES = 64;
const MOST_PODS = 256;

/** Holdings with what this node knows by itself: "gone" and "leaving" may be taken or waited for, "alive" may not. */
export interface LocallyJudged {
  readonly gone: readonly Holding[];
  readonly leaving: readonly Holding[];
  /** Nobody holds them: they are reserved for somebody else. */
  readonly unheld: readonly Holding[];
  /** Only Kubernetes can tell. */
  readonly open: readonly Holding[];
}

/** Judges all holders by this node's own facts, which cost no request. */
export function judgeLocally(attempt: Attempt, holdings: readonly Holding[]): LocallyJudged {
  const judged = {
    gone: [] as Holding[],
    leaving: [] as Holding[],
    unheld: [] as Holding[],
    open: [] as Holding[],
  };
  for (const holding of holdings) {
    const kinds = holdersOf(holding).map((holder) => localVerdict(attempt, holding, holder));
    if (kinds.length === 0) judged.unheld.push(holding);
    else if (kinds.includes("refuse")) continue;
    else if (kinds.includes("open")) judged.open.push(holding);
    else if (kinds.includes("wait")) judged.leaving.push(holding);
    else judged.gone.push(holding);
  }
  return judged;
}

function localVerdict(attempt: Attempt, { address }: Holding, holder: Holder) {
  const facts = localFactsOf(askingOf(attempt.request, address), holder, attempt.ports);
  if (decidedLocally(facts)) return judge(facts).action;
  if (attempt.ports.cluster === undefined) return "refuse";
  // The agent's watch shows it running: no request could tell more.
  const seen = holder.pod && attempt.ports.cluster.seenPod?.(holder.pod);
  return seen !== undefined && !isEnding(seen) ? "refuse" : "open";
}

/**
 * The order in which to ask for pods: first those whose Node is fenced, which one request for each node tells; the
 * pods themselves are judged by the hand-over table afterwards. Of those, too, others get their turn.
 */
async function fencedFirst(attempt: Attempt, open: readonly Holding[]): Promise<Holding[]> {
  const names = [...new Set(open.flatMap(holdersOf).map(({ node }) => node))].slice(0, MOST_NODES);
  const nodes = new Map<string, Live<NodeFacts>>();
  await inGroups(names, async (name) => {
    const { cluster } = attempt.ports;
    if (cluster !== undefined)
      nodes.set(name, (await readLive(cluster.node(name, attempt.options.deadline))).state);
  });
  const isFenced = (holder: Holder) => fenceOf(holder, nodes.get(holder.node) ?? "unknown") !== undefined;
  const fenced = open.filter((holding) => holdersOf(holding).some(isFenced)).slice(0, MOST_PODS / 2);
  const first = new Set(fenced);
  return [...fenced, ...open.filter((holding) => !first.has(holding))];
}

/** What a look at the holders' pods found, and the first that it had to leave to the next try. */
export interface PodsLook {
  readonly leaving: readonly Holding[];
  readonly unasked?: Holding;
}

/** Those whose pod is gone or ending, among as many as one try may ask about. Ends with the first group that has one. */
export async function withEndingPods(attempt: Attempt, open: readonly Holding[]): Promise<PodsLook> {
  const inOrder = await fencedFirst(attempt, open);
  const leaving: Holding[] = [];
  await inGroups(
    inOrder.slice(0, MOST_PODS),
    async (holding) => {
      for (const holder of holdersOf(holding)) if (await isLeaving(attempt, holder)) leaving.push(holding);
    },
    () => leaving.length > 0,
  );
  const unasked = inOrder[MOST_PODS];
  return { leaving, ...(unasked && { unasked }) };
}

async function isLeaving({ ports, options }: Attempt, holder: Holder): Promise<boolean> {
  if (holder.pod === undefined || ports.cluster === undefined) return false;
  const { state } = await readLive<PodFacts>(ports.cluster.pod(holder.pod, options.deadline));
  if (state === "unknown") return false;
  return holderPodIsGone(holder, state) || (state !== "absent" && isEnding(state));
}

function isEnding({ deleting, finished }: AskingPod): boolean {
  return deleting || finished;
}

function holdersOf({ allocation }: Holding): readonly Holder[] {
  return allocation?.holders ?? [];
}

async function inGroups<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  enough: () => boolean = () => false,
): Promise<void> {
  for (let from = 0; from < items.length && !enough(); from += AT_ONCE)
    await Promise.all(items.slice(from, from + AT_ONCE).map(work));
}
