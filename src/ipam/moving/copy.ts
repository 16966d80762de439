import { MOVED_KINDS, type MovedKind } from "../carried-kinds.ts";
import { NOTICE_SECONDS } from "../free/notice.ts";
import { readIdentity } from "../integrity/replace-identity.ts";
import type { Ref } from "../records.ts";
import { refKey } from "../ref-key.ts";
import { refTo } from "../ref-to.ts";
import { type Guard, type Put, type Store, StoreFailure } from "../store-port.ts";
import { allRecords, digestOf, groupOf, knownOf, type Moving, type Picture } from "./all-records.ts";
import { inFlight } from "./in-flight.ts";
import { changedMeanwhile } from "./refusals.ts";
import type { Pair, Step } from "./states.ts";

/** These vanish by themselves; nobody can tell when they were to, so their time begins anew. */
const SECONDS: Partial<Record<MovedKind, number>> = { released: NOTICE_SECONDS, cooling: 60 };

/** Transactions at once: an API server lets so many writes of one client through without making others wait. */
const AT_ONCE = 16;

/** What one pass found and did. */
export interface Pass {
  /** How many records of each kind the source has. */
  readonly records: Readonly<Record<MovedKind, number>>;
  /** Records that differed, or were there on one side only; not all of them may have been written. */
  readonly differing: number;
  readonly written: number;
  readonly removed: number;
  /** What the target holds now, as far as the pass knows: what others knew to be there, and what it wrote itself. */
  readonly target: Picture;
}

/** Hears how far a pass has come. */
export interface Progress {
  readonly read: (records: number) => void;
  readonly wrote: (records: number, of: number) => void;
}

/** What of one group differs. */
interface Difference {
  readonly guards: Guard[];
  readonly puts: (Put & Moving)[];
  readonly deletes: Ref[];
}

/**
 * Makes the target hold what the source holds; what is the same already is left alone, so that a pass that writes nothing
 * has compared everything. Each write guards the target's identity: nobody writes into one that was opened, or given
 * back, meanwhile. What the two stores hold is in memory for that long: about 4 KiB for each address.
 *
 * @param closedAt revision of the target's identity.
 * @param known what the target holds, by an earlier pass; undefined: it is looked at.
 * @throws IpamError tryAgain where another command goes on with the move; StoreFailure, also for a record that cannot be read.
 */
export async function copyOnce(
  { source, target }: Pair,
  closedAt: number,
  step: Step,
  progress: Progress,
  known?: Picture,
): Promise<Pass> {
  const [there, wanted] = await Promise.all([known ?? pictureOf(target), movingIn(source, progress)]);
  const records = Object.fromEntries(MOVED_KINDS.map((kind) => [kind, 0])) as Record<MovedKind, number>;
  for (const { ref } of wanted.values()) records[ref.kind] += 1;
  const differences = differencesOf(wanted, there);
  let differing = 0;
  for (const { deletes, puts } of differences) differing += deletes.length + puts.length;
  let [written, removed] = [0, 0];
  const write = async ({ deletes, guards, puts }: Difference) => {
    const change = { guards: [{ ref: refTo.meta, revision: closedAt }, ...guards], puts, deletes };
    if (!(await commits(target, change, closedAt, step))) return;
    for (const put of puts) there.set(refKey(put.ref), knownOf(put));
    for (const ref of deletes) there.delete(refKey(ref));
    written += puts.length;
    removed += deletes.length;
    progress.wrote(written + removed, differing);
  };
  await inFlight(differences, AT_ONCE, write);
  return { records, differing, written, removed, target: there };
}

async function pictureOf(store: Store): Promise<Picture> {
  const picture: Picture = new Map();
  for await (const moving of allRecords(store, true)) picture.set(refKey(moving.ref), knownOf(moving));
  return picture;
}

async function movingIn(store: Store, progress: Progress): Promise<Map<string, Moving>> {
  const found = new Map<string, Moving>();
  for await (const { record, ref } of allRecords(store, false)) {
    found.set(refKey(ref), { record, ref });
    progress.read(found.size);
  }
  return found;
}

/** What is to be written, by groups. */
function differencesOf(wanted: ReadonlyMap<string, Moving>, there: Picture): readonly Difference[] {
  const differences = new Map<string, Difference>();
  const of = (group: string) => {
    const known = differences.get(group) ?? { guards: [], puts: [], deletes: [] };
    differences.set(group, known);
    return known;
  };
  for (const [key, moving] of wanted) {
    const present = there.get(key);
    if (present?.digest === digestOf(moving.record)) continue;
    const { guards, puts } = of(groupOf(moving));
    const { record, ref } = moving;
    const seconds = SECONDS[ref.kind];
    puts.push({ ref, record, ...(seconds !== undefined && { seconds }) } as Put & Moving);
    if (present === undefined) guards.push({ ref, revision: 0 });
  }
  for (const [key, { group, ref }] of there) if (!wanted.has(key)) of(group).deletes.push(ref);
  return [...differences.values()];
}

/**
 * Whether the target has taken it. An outcome that is unknown, and a record that is there although it was not seen, are
 * found out by the next pass (RESOLVED).
 */
async function commits(
  target: Store,
  change: Pick<Difference, "guards" | "puts" | "deletes">,
  closedAt: number,
  step: Step,
): Promise<boolean> {
  try {
    if ((await target.commit(change, step())).won) return true;
  } catch (failure) {
    if (!(failure instanceof StoreFailure) || failure.kind !== "unknown-outcome") throw failure;
    return false;
  }
  if ((await readIdentity({ store: target }, step()))?.revision !== closedAt) throw changedMeanwhile();
  return false;
}
