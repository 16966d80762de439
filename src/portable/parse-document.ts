import * as v from "valibot";
import { IpamError } from "../ipam/errors.ts";
import { RECORD_VERSION } from "../ipam/records.ts";
import { DOCUMENT_KIND, DOCUMENT_VERSION, type PortableRecord } from "./document.ts";
import { recordFault } from "./record-fault.ts";
import { HeadSchema, RECORD_SCHEMAS } from "./schemas.ts";

/**
 * The records of an exported document. A document with one record that cannot be read gives none.
 *
 * @throws IpamError decode naming the record that is wrong, storeCannotWrite for a newer program's.
 */
export function parseDocument(value: unknown, source: string): PortableRecord[] {
  const head = v.safeParse(HeadSchema, value);
  if (!head.success) {
    throw new IpamError(
      "decode",
      `${source} is not an export of kube-ipam: expected {"kind": "${DOCUMENT_KIND}", "version": …, "records": […]}`,
      "make one with 'kube-ipam store export'; name another source with --from",
    );
  }
  if (head.output.version > DOCUMENT_VERSION) throw newer(source, "the document");
  return head.output.records.map((record, index) => readRecord(record, `${source}: records[${index}]`));
}

function readRecord(value: unknown, where: string): PortableRecord {
  refuseNewer(value, where);
  const kind = v.safeParse(v.object({ ref: v.object({ kind: v.string() }) }), value);
  const name =
    kind.success && Object.hasOwn(RECORD_SCHEMAS, kind.output.ref.kind) ? kind.output.ref.kind : "";
  const schema = RECORD_SCHEMAS[name];
  if (schema === undefined) {
    throw unreadable(
      where,
      `expected {"ref": {"kind": …}, "record": …} with one of the kinds ${Object.keys(RECORD_SCHEMAS).join(", ")}`,
    );
  }
  const parsed = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true });
  // Not the copy that was checked: nothing is changed in it, and large documents need not be held twice.
  if (parsed.success) {
    const fault = recordFault(value as PortableRecord);
    if (fault !== undefined) throw unreadable(where, fault);
    return value as PortableRecord;
  }
  const [issue] = parsed.issues;
  const path = (issue.path ?? []).map(({ key }) => String(key)).join(".");
  throw unreadable(
    where,
    `${path}: expected ${issue.message}, got ${JSON.stringify(issue.input)?.slice(0, 100)}`,
  );
}

function unreadable(where: string, why: string): IpamError {
  return new IpamError("decode", `${where} cannot be read as a record`, why);
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
