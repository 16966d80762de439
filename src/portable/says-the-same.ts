import { isDeepStrictEqual } from "node:util";
import { joinDefinitions } from "../ipam/commit/learn-definition.ts";
import { IMPORTED } from "../ipam/free/adopt.ts";
import type { Holder, NetworkRecord, RecordTypes } from "../ipam/records.ts";
import { sameAttachment } from "../ipam/same.ts";
import { UNKNOWN } from "../ipam/unknown-holder.ts";
import type { PortableRecord } from "./document.ts";

/** Times are for people; what a network has been configured with is joined, and never contradicts. */
export function saysTheSame({ ref, record }: PortableRecord, present: unknown): boolean {
  if (Bun.deepEquals(record, present, true)) return true;
  if (ref.kind !== "network") return isDeepStrictEqual(withoutTime(record), withoutTime(present));
  return joinDefinitions(present as NetworkRecord, record as NetworkRecord) === undefined;
}

/** Nor what a node learnt meanwhile of an attachment that was imported before. */
function withoutTime(record: unknown): unknown {
  return JSON.parse(
    JSON.stringify(record, (key, value) => (key === "since" ? undefined : asImported(value))),
  );
}

function asImported(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("requestId" in value)) return value;
  if (!String(value.requestId).startsWith(IMPORTED)) return value;
  const { bootId: _boot, machine: _machine, namespace: _namespace, ...holder } = value as Holder;
  return holder;
}

/**
 * Whether the store has an address of another plugin already, and knows more of it than the import does: it holds it
 * for the same container or the same pod.
 */
export function isHeldAlready(
  { ref, record }: PortableRecord,
  present: RecordTypes["allocation"] | undefined,
): boolean {
  if (ref.kind !== "allocation" || present === undefined) return false;
  return (record as RecordTypes["allocation"]).holders.every(
    (brought) =>
      brought.requestId.startsWith(IMPORTED) &&
      present.holders.some((holder) => isSameLease(brought, holder)),
  );
}

/** Whether a holder that an import brings is the one that the store has: the same pod, or the same container. */
export function isSameLease(brought: Holder, present: Holder): boolean {
  if (brought.cluster !== present.cluster) return false;
  const { container } = brought.attachment;
  const uid = brought.pod?.uid;
  if (uid !== undefined && uid === present.pod?.uid) return true;
  if (container === UNKNOWN || container !== present.attachment.container) return false;
  const leftover = brought.node === UNKNOWN || present.node === UNKNOWN;
  return leftover || sameAttachment(brought.attachment, present.attachment);
}
