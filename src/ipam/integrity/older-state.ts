import type { RememberedStore } from "../node-port.ts";
import type { Ports } from "../ports.ts";
import type { MetaRecord } from "../records.ts";
import type { Won } from "../revision-in.ts";
import type { Snapshot } from "../store-port.ts";
import type { Standing } from "./identity.ts";
import { ThrownBack } from "./thrown-back.ts";
import { where } from "./ways-out.ts";

/**
 * ONE-STORE for a commit before which nothing was read that tells the store's revision.
 *
 * @throws ThrownBack where the commit's revision is not above the one that this node knew, or another
 *   cluster has answered.
 */
export function requireNewer(committed: Won, remembered: RememberedStore, space: string, ports: Ports): void {
  const older = whyOlder({ epoch: remembered.epoch ?? 0 }, standingBefore(committed), remembered);
  if (older !== undefined) throw olderState(space, older, ports);
}

/** Where the store stood right before a transaction, which itself has raised the revision. */
export function standingBefore({ before, lineage, revision }: Won): Standing {
  const of = lineage === undefined ? {} : { lineage };
  if (before === "unknown") return { revision, atLeast: true, ...of };
  return { revision: before ?? revision - 1, ...of };
}

/** Also where that recovery seems to be under way: the store has the nodes' answers to it, from then. */
export function requireNoFormerRecovery(
  meta: MetaRecord,
  { formerRecoveries = [] }: RememberedStore,
  space: string,
  ports: Ports,
): void {
  if (meta.recovery === undefined || !formerRecoveries.includes(meta.recovery)) return;
  throw olderState(space, "it names a recovery from before the last one that this node knows", ports, meta);
}

/** A recovery that this node has answered may have ended, and the store was thrown back into it. */
export function requireAnsweredAsSeen(
  meta: MetaRecord,
  snapshot: Snapshot,
  remembered: RememberedStore,
  space: string,
  ports: Ports,
): void {
  if (meta.uuid !== remembered.uuid || meta.recovery !== remembered.recovery) return;
  const older = whyOlder(meta, snapshot, remembered);
  if (older !== undefined) throw olderState(space, older, ports, meta);
}

/** What shows that the store has gone back behind what this node has seen of it. */
export function whyOlder(
  { epoch = 0 }: Pick<MetaRecord, "epoch">,
  { atLeast, lineage, revision }: Standing,
  remembered: RememberedStore,
): string | undefined {
  if (!atLeast && revision < remembered.revision)
    return `it was at revision ${remembered.revision} and is now at ${revision}`;
  if (epoch < (remembered.epoch ?? 0)) return `it was at epoch ${remembered.epoch} and is now at ${epoch}`;
  if (lineage !== undefined && remembered.lineage !== undefined && lineage !== remembered.lineage)
    return `its cluster was ${remembered.lineage} and is now ${lineage}`;
  return undefined;
}

/** The refusal of a store that is older than what this node has seen of it. */
export function olderState(space: string, evidence: string, ports: Ports, meta?: MetaRecord): ThrownBack {
  return new ThrownBack(
    (who) => `the ${where(ports)} is older than when ${who} last used it for address space '${space}'`,
    `${evidence}, as after a restored backup`,
    ports,
    meta?.state === "recovering" ? meta.recovery : undefined,
  );
}
