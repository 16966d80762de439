import * as v from "valibot";
import { formatAddress, tryParseAddress } from "../../address/address.ts";
import { DOCUMENT_KIND, type PortableRecord } from "./document.ts";

/** Fields that this program does not know are kept as they are. */
const { looseObject, optional, string, array } = v;

const Address = v.pipe(
  string("an address in text"),
  v.check((text) => {
    const address = tryParseAddress(text);
    return address !== undefined && formatAddress(address) === text;
  }, "an address in canonical text, such as 10.1.2.3 or 2001:db8::5"),
);

const Word = v.pipe(string("a text"), v.nonEmpty("a text that is not empty"));
const Version = v.pipe(v.number("a record's version"), v.integer("a record's version"));
const Origin = v.picklist(["dynamic", "fixed", "sticky"]);
const Attachment = v.object({ network: Word, container: Word, ifname: Word });
const Owner = looseObject({ kind: Word, namespace: string(), name: Word, uid: optional(string()) });
const Retention = v.union([v.picklist(["workload", "delete", "keep"]), v.pipe(v.number(), v.minValue(0))]);

const Holder = looseObject({
  attachment: Attachment,
  pod: optional(looseObject({ namespace: string(), name: string(), uid: optional(string()) })),
  node: Word,
  nodeVerified: v.boolean(),
  bootId: string(),
  namespace: looseObject({ path: string() }),
  requestId: Word,
  cluster: optional(string()),
});

const Reservation = looseObject({
  version: Version,
  owner: Owner,
  kind: v.picklist(["automatic", "operator"]),
  retain: Retention,
  since: string(),
});

const RECORDS = [
  entry(v.object({ kind: v.literal("network"), name: Word }), {
    space: Word,
    subnets: array(string()),
  }),
  entry(v.object({ kind: v.literal("reservedRanges"), space: Word }), {
    ranges: array(looseObject({ first: Address, last: Address, reservation: Reservation })),
  }),
  entry(v.object({ kind: v.literal("owner"), space: Word, owner: Owner }), {
    owner: Owner,
    addresses: array(Address),
    slots: optional(v.record(string(), array(Address))),
  }),
  entry(v.object({ kind: v.literal("reservation"), space: Word, address: Address }), Reservation.entries),
  entry(v.object({ kind: v.literal("allocation"), space: Word, address: Address }), {
    holders: v.pipe(array(Holder), v.minLength(1, "at least one holder")),
    origin: Origin,
    since: string(),
  }),
  entry(v.object({ kind: v.literal("attachment"), node: Word, id: Attachment }), {
    space: Word,
    addresses: array(Address),
    prefixes: array(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(128))),
    gateways: array(v.nullable(Address)),
    origin: Origin,
    holder: Holder,
  }),
];

export const PortableRecordSchema = v.union(RECORDS) as unknown as v.GenericSchema<unknown, PortableRecord>;

export const HeadSchema = looseObject({
  kind: v.literal(DOCUMENT_KIND),
  version: v.number(),
  records: array(v.unknown()),
});

function entry<R extends v.GenericSchema, E extends v.ObjectEntries>(ref: R, entries: E) {
  return v.object({ ref, record: looseObject({ version: Version, ...entries }) });
}
