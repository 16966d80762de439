import { tryParseCidr } from "../address/cidr.ts";
import { RECORD_VERSION, type RecordKind } from "../ipam/records.ts";

/**
 * The first member that the decisions need and a record lacks, or has with a wrong type; undefined where
 * the record is complete. Cheaper than a schema, because a listing checks each record. Accepts any record
 * of a newer version: code that uses a record checks its version first.
 */
export function missingMember(kind: RecordKind, record: object): string | undefined {
  const { version } = record as { version?: unknown };
  if (typeof version !== "number") return "version";
  if (version > RECORD_VERSION) return undefined;
  return Object.entries(MEMBERS[kind]).find(([name, fits]) => !fits((record as Members)[name]))?.[0];
}

type Members = Readonly<Record<string, unknown>>;
type Fits = (value: unknown) => boolean;

const isText: Fits = (value) => typeof value === "string";
const isTextOrAbsent: Fits = (value) => value === undefined || isText(value);
const isList: Fits = Array.isArray;
const isTexts: Fits = (value) => Array.isArray(value) && value.every(isText);
const isSubnets: Fits = (value) => isTexts(value) && (value as string[]).every(tryParseCidr);
const has =
  (members: Readonly<Record<string, Fits>>): Fits =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(members).every(([name, fits]) => fits((value as Members)[name]));

const isDefinitionsOrAbsent: Fits = (value) =>
  value === undefined || (Array.isArray(value) && value.every(has({ space: isText, subnets: isSubnets })));
const isOwner = has({ kind: isText, namespace: isText, name: isText });
const isHolder = has({
  attachment: has({ network: isText, container: isText, ifname: isText }),
  node: isText,
  bootId: isText,
  machine: isTextOrAbsent,
  namespace: has({ path: isText }),
  requestId: isText,
});

const isPlace = has({ network: isText, ifname: isText, slot: isTextOrAbsent });
const isPlacesOrAbsent: Fits = (value) =>
  value === undefined || (typeof value === "object" && value !== null && Object.values(value).every(isPlace));

const MEMBERS: Readonly<Record<RecordKind, Readonly<Record<string, Fits>>>> = {
  meta: { uuid: isText, state: isText },
  attachment: { space: isText, addresses: isTexts, prefixes: isList, gateways: isList, holder: isHolder },
  allocation: { holders: (value) => Array.isArray(value) && value.every(isHolder) },
  reservation: { owner: isOwner, kind: isText },
  cooling: {},
  owner: { owner: isOwner, addresses: isTexts, places: isPlacesOrAbsent },
  reservedRanges: {
    ranges: (value) =>
      Array.isArray(value) &&
      value.every(has({ first: isText, last: isText, reservation: has({ owner: isOwner }) })),
  },
  recovery: { recovery: isText, node: isText },
  released: { requestId: isText },
  network: { space: isText, subnets: isSubnets, earlier: isDefinitionsOrAbsent },
};
