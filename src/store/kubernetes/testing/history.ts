/** Which write each record is of, by `refText`. */
export type State = ReadonlyMap<string, string>;

/** What a process was told of a transaction. */
export type Told = "won" | "lost" | "failed" | "unknown" | "never";

/** A transaction as its process began it, and what became of it. */
export interface Begun {
  readonly name: string;
  readonly begin: number;
  /** When its process heard of it; for ever where it never did for certain. */
  end: number;
  told: Told;
  /** What it was judged on: which write each record was of; undefined: absent. */
  readonly guards: ReadonlyMap<string, string | undefined>;
  readonly puts: ReadonlyMap<string, string>;
  readonly deletes: readonly string[];
  /** Where it writes one object: the references of that object that it guards. */
  own?: ReadonlySet<string>;
  /** That object. */
  object?: string;
  /** It may be seen before its guards on other objects are looked at, and is taken back where they do not hold. */
  early: boolean;
  /** One of its writes may be performed long after, or twice. */
  strays: boolean;
}

/** What one read showed of one record. */
export interface Seen {
  readonly begin: number;
  readonly end: number;
  readonly ref: string;
  readonly of: string | undefined;
}

/** Everything that happened in one run. */
export class History {
  /** Objects that were removed, and when. */
  readonly removed: { readonly object: string; readonly at: number }[] = [];
  /** Containers whose DEL has succeeded, and when. */
  readonly ended = new Map<string, number>();
  readonly transactions: Begun[] = [];
  readonly seen: Seen[] = [];
}

/** A way to place a transaction in an order. */
interface Step {
  readonly of: Begun;
  readonly does: "all" | "early" | "undo";
  /** It has to be placed; or where it was seen early. */
  readonly must: boolean | "after early";
}

const MOST_TRIES = 300_000;

/**
 * Finds an order of the transactions that explains what everybody was told, what was read, and the final state: each
 * one that was won is in it once, at a moment between its begin and its answer, and all its guards hold there; one
 * whose process was told nothing certain may be in it; one that was lost is not. One that only adds to one object may
 * be seen before its guards on others are looked at, and is taken back then.
 *
 * @returns undefined where there is none; else the order.
 */
export function explain({ removed, seen, transactions }: History, final: State): string[] | undefined {
  const shown = new Set([
    ...seen.map(({ of }) => of),
    ...transactions.flatMap(({ guards }) => [...guards.values()]),
    ...final.values(),
  ]);
  const isShown = ({ name }: Begun) => shown.has(name);
  const steps: Step[] = transactions.flatMap((of): Step[] => {
    const all: Step = { of, does: "all", must: of.told === "won" };
    const early: Step = { of, does: "early", must: false };
    // A create that comes late, or twice, makes the object when its name is free again.
    const isFree = removed.some(({ at, object }) => object === of.object && at > of.begin);
    const mayStray = of.strays && isFree && isShown(of);
    if (of.told === "won") return mayStray ? [all, early] : [all];
    const isLost = of.told === "lost" || of.told === "failed";
    const undo: Step = { of, does: "undo", must: isLost && !mayStray ? "after early" : false };
    const further = mayStray || (of.early && isShown(of)) ? [early, undo] : [];
    return isLost ? further : [all, ...further];
  });
  const reads = [...seen].sort((a, b) => a.end - b.end);
  const failed = new Set<string>();
  const order: string[] = [];
  let tries = 0;
  return place(new Map(), new Set(), new Set()) ? order : undefined;

  function place(state: Map<string, string>, placed: ReadonlySet<Step>, read: ReadonlySet<Seen>): boolean {
    const now = new Set(read);
    const waits = earliestEnd(placed, now);
    for (const each of reads)
      if (!now.has(each) && each.begin <= waits.of(now) && state.get(each.ref) === each.of) now.add(each);
    if (
      steps.every((step) => !isDue(step, placed) || placed.has(step)) &&
      now.size === reads.length &&
      isSame(state, final)
    )
      return true;
    const key = JSON.stringify([
      steps.map((step) => (placed.has(step) ? 1 : 0)).join(""),
      [...state].sort(),
      now.size,
    ]);
    if (failed.has(key)) return false;
    tries += 1;
    if (tries > MOST_TRIES) throw new Error("no order was found in time");
    const limit = waits.of(now);
    for (const step of steps) {
      if (placed.has(step) || step.of.begin > limit) continue;
      const next = applied(state, step, placed);
      if (next === undefined) continue;
      order.push(`${step.does} ${step.of.name}`);
      if (place(next, new Set([...placed, step]), now)) return true;
      order.pop();
    }
    failed.add(key);
    return false;
  }

  /** Nothing that began later may come before what has ended. */
  function earliestEnd(placed: ReadonlySet<Step>, _: ReadonlySet<Seen>) {
    const ofSteps = Math.min(
      Number.POSITIVE_INFINITY,
      ...steps.filter((step) => isDue(step, placed) && !placed.has(step)).map(({ of }) => of.end),
    );
    return {
      of: (read: ReadonlySet<Seen>) =>
        Math.min(ofSteps, ...reads.filter((each) => !read.has(each)).map(({ end }) => end)),
    };
  }

  function isDue({ must, of }: Step, placed: ReadonlySet<Step>): boolean {
    if (must !== "after early") return must;
    return [...placed].some((step) => step.of === of && step.does === "early");
  }

  function applied(
    state: ReadonlyMap<string, string>,
    { does, of }: Step,
    placed: ReadonlySet<Step>,
  ): Map<string, string> | undefined {
    const next = new Map(state);
    if (does === "undo") {
      if (![...placed].some((step) => step.of === of && step.does !== "undo")) return undefined;
      for (const [ref, name] of of.puts) if (next.get(ref) === name) next.delete(ref);
      return next;
    }
    for (const [ref, name] of of.guards)
      if ((does === "all" || of.own?.has(ref)) && state.get(ref) !== name) return undefined;
    for (const ref of of.deletes) next.delete(ref);
    for (const [ref, name] of of.puts) next.set(ref, name);
    return next;
  }
}

function isSame(a: State, b: State): boolean {
  return a.size === b.size && [...a].every(([ref, name]) => b.get(ref) === name);
}
