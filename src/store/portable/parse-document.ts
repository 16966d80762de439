import * as v from "valibot";
import { IpamError } from "../../ipam/errors.ts";
import { RECORD_VERSION } from "../../ipam/records.ts";
import { DOCUMENT_KIND, DOCUMENT_VERSION, nameOf, type PortableRecord } from "./document.ts";
import { HeadSchema, PortableRecordSchema } from "./schemas.ts";

/**
 * The records of an exported document. Nothing is taken from one that is not understood as a whole.
 *
 * @throws IpamError decode naming the record that is wrong, storeCannotWrite for a newer program's.
 */
export function parseDocument(value: unknown, source: string): PortableRecord[] {
  const head = v.safeParse(HeadSchema, value);
  if (!head.success) {
    throw new IpamError(
      "decode",
      `${source} is no export of kube-ipam: expected {"kind": "${DOCUMENT_KIND}", "version": …, "records": […]}`,
      "make one with 'kube-ipam store export'; other sources are named with --from",
    );
  }
  if (head.output.version > DOCUMENT_VERSION) throw newer(source, "the document");
  const records = head.output.records.map((record, index) =>
    readRecord(record, `${source}: records[${index}]`),
  );
  refuseDoubles(records, source);
  return records;
}

function readRecord(value: unknown, where: string): PortableRecord {
  refuseNewer(value, where);
  const parsed = v.safeParse(PortableRecordSchema, value);
  if (parsed.success) return parsed.output;
  const [issue] = v.flatten(parsed.issues).root ?? [];
  throw new IpamError("decode", `${where} is no record that can be read`, issue ?? problems(value));
}

/** The union only says that no kind fits; these are the words of the kind that it claims to be. */
function problems(value: unknown): string {
  return `expected a ref of a known kind, and the fields of such a record; got ${JSON.stringify(value)?.slice(0, 200)}`;
}

function refuseNewer(value: unknown, where: string): void {
  const parsed = v.safeParse(v.object({ record: v.object({ version: v.number() }) }), value);
  if (parsed.success && parsed.output.record.version > RECORD_VERSION) throw newer(where, "the record");
}

function newer(source: string, what: string): IpamError {
  return new IpamError(
    "storeCannotWrite",
    `${source}: ${what} was written by a newer kube-ipam`,
    "upgrade kube-ipam",
  );
}

function refuseDoubles(records: readonly PortableRecord[], source: string): void {
  const names = new Set<string>();
  for (const { ref } of records) {
    const name = nameOf(ref);
    if (names.has(name))
      throw new IpamError("decode", `${source} holds the ${name} twice`, "keep one of them");
    names.add(name);
  }
}
