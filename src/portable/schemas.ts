import * as v from "valibot";
import { array, looseObject, optional, string } from "valibot";
import { formatAddress, tryParseAddress } from "../address/address.ts";
import { tryParseCidr } from "../address/cidr.ts";
import { DOCUMENT_KIND, type PortableRecord } from "./document.ts";

// Loose objects: fields that this program does not know are kept as they are.

const Address = v.pipe(
  string("an address in text"),
  v.check((text) => {
    const address = tryParseAddress(text);
    return address !== undefined && formatAddress(address) === text;
  }, "an address in canonical text, such as 10.1.2.3 or 2001:db8::5"),
);

const Word = v.pipe(string("a string"), v.nonEmpty("a non-empty string"));
const Version = v.pipe(
  v.number("a record's version"),
  v.integer("a record's version"),
  v.minValue(1, "a record's version"),
);
const Subnet = v.pipe(
  string("a subnet in text"),
  v.check((text) => tryParseCidr(text) !== undefined, "a subnet, such as 10.1.2.0/24"),
);
const Definition = { space: Word, subnets: array(Subnet) };
const Origin = v.picklist(["dynamic", "fixed", "sticky"]);
const Attachment = v.object({ network: Word, container: Word, ifname: Word });
const Owner = looseObject({ kind: Word, namespace: string(), name: Word, uid: optional(string()) });
const Place = looseObject({ network: Word, ifname: Word, slot: optional(string()) });
const Retention = v.union([v.picklist(["workload", "delete", "keep"]), v.pipe(v.number(), v.minValue(0))]);

const Holder = looseObject({
  attachment: Attachment,
  pod: optional(looseObject({ namespace: string(), name: string(), uid: optional(string()) })),
  node: Word,
  nodeVerified: v.boolean(),
  bootId: string(),
  machine: v.exactOptional(string()),
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

/** By kind, so that a record is judged as what it claims to be. */
export const RECORD_SCHEMAS: Readonly<Record<string, v.GenericSchema<unknown, PortableRecord>>> = {
  network: entry({ name: Word }, { ...Definition, earlier: v.exactOptional(array(looseObject(Definition))) }),
  reservedRanges: entry(
    { space: Word },
    { ranges: array(looseObject({ first: Address, last: Address, reservation: Reservation })) },
  ),
  owner: entry(
    { space: Word, owner: Owner },
    {
      owner: Owner,
      addresses: array(Address),
      slots: optional(v.record(string(), array(Address))),
      places: optional(v.record(Address, Place)),
    },
  ),
  reservation: entry({ space: Word, address: Address }, Reservation.entries),
  allocation: entry(
    { space: Word, address: Address },
    {
      holders: v.pipe(array(Holder), v.minLength(1, "at least one holder")),
      origin: Origin,
      since: string(),
    },
  ),
  attachment: entry(
    { node: Word, id: Attachment },
    {
      space: Word,
      addresses: array(Address),
      prefixes: array(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(128))),
      gateways: array(v.nullable(Address)),
      origin: Origin,
      holder: Holder,
    },
  ),
};

export const HeadSchema = looseObject({
  kind: v.literal(DOCUMENT_KIND),
  version: v.number(),
  records: array(v.unknown()),
});

function entry(ref: v.ObjectEntries, record: v.ObjectEntries): v.GenericSchema<unknown, PortableRecord> {
  const schema = v.object({
    ref: v.strictObject({ kind: string(), ...ref }),
    record: looseObject({ version: Version, ...record }),
  });
  return schema as unknown as v.GenericSchema<unknown, PortableRecord>;
}
