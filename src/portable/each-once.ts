import { joinDefinitions } from "../ipam/commit/learn-definition.ts";
import { describeHolderFully } from "../ipam/in-words.ts";
import type { NetworkRecord, RecordTypes } from "../ipam/records.ts";
import { refKey } from "../ipam/ref-key.ts";
import { fromPortable, nameOf, type PortableRecord } from "./document.ts";
import { saysTheSame } from "./says-the-same.ts";

/**
 * Each record once. What comes twice with equal content is one record; with another content nobody can tell which is
 * right, and a store would keep the last (GUARDED).
 *
 * @returns a line for each record that contradicts another.
 */
export function eachOnce(records: readonly PortableRecord[]): {
  readonly records: readonly PortableRecord[];
  readonly conflicts: readonly string[];
} {
  const conflicts: string[] = [];
  const once = [...Map.groupBy(records, ({ ref }) => refKey(fromPortable(ref))).values()].flatMap((same) => {
    const [first, ...more] = same;
    if (first === undefined) return [];
    if (first.ref.kind === "network") return [{ ...first, record: joined([first, ...more]) }];
    const others = more.filter((other) => !saysTheSame(other, first.record));
    if (others.length > 0) conflicts.push(contradiction(first, others));
    return [first];
  });
  return { records: once, conflicts };
}

/** What several networks of one name have been configured with: uniqueness lies in the address space, not in the name. */
function joined(records: readonly PortableRecord[]): NetworkRecord {
  return records
    .map(({ record }) => record as NetworkRecord)
    .reduce((known, each) => joinDefinitions(known, each) ?? known);
}

function contradiction(first: PortableRecord, others: readonly PortableRecord[]): string {
  const what = `the ${nameOf(first.ref)} is imported twice, with different content`;
  if (first.ref.kind !== "allocation") return what;
  const holders = [first, ...others].flatMap(({ record }) => (record as RecordTypes["allocation"]).holders);
  return `${what}: for ${[...new Set(holders.map(describeHolderFully))].join(", and for ")}`;
}
