import type { RecordKind } from "./records.ts";

/** What leaves a store with its other records. */
interface Carried {
  /** `store move` takes it along. */
  readonly moved: boolean;
  /** `store export` prints it, and `store import` takes it. */
  readonly exported: boolean;
}

/**
 * Each kind of record, in the order in which both write them: what others are judged by comes first. Whoever adds a kind
 * is told by the compiler that it is missing here.
 */
const CARRIED = {
  /** The identity stays where it is; a move writes the target's itself. */
  meta: { moved: false, exported: false },
  network: { moved: true, exported: true },
  reservedRanges: { moved: true, exported: true },
  owner: { moved: true, exported: true },
  reservation: { moved: true, exported: true },
  allocation: { moved: true, exported: true },
  attachment: { moved: true, exported: true },
  /** Evidence of nodes about this very store, and what ends by itself: nothing for a backup. */
  released: { moved: true, exported: false },
  cooling: { moved: true, exported: false },
  /** An answer to a recovery that has ended. */
  recovery: { moved: false, exported: false },
} as const satisfies Readonly<Record<RecordKind, Carried>>;

type KindsThat<Way extends keyof Carried> = {
  [K in RecordKind]: (typeof CARRIED)[K][Way] extends true ? K : never;
}[RecordKind];

/** Kinds that a move takes along. */
export type MovedKind = KindsThat<"moved">;
/** Kinds that an export holds. */
export type PortableKind = KindsThat<"exported">;

export const MOVED_KINDS: readonly MovedKind[] = kindsThat("moved");
export const PORTABLE_KINDS: readonly PortableKind[] = kindsThat("exported");

function kindsThat<Way extends keyof Carried>(way: Way): readonly KindsThat<Way>[] {
  const kinds = Object.keys(CARRIED) as RecordKind[];
  return kinds.filter((kind): kind is KindsThat<Way> => CARRIED[kind][way]);
}
