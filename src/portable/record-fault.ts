import { compareAddresses, parseAddress } from "../address/address.ts";
import { describeOwner } from "../ipam/in-words.ts";
import type { AllocationRecord, AttachmentRecord, Owner, RecordTypes } from "../ipam/records.ts";
import { sameHolder } from "../ipam/same.ts";
import type { PortableRecord } from "./document.ts";

/** What of a record contradicts its own reference, or another part of it; undefined where nothing does. Each part has its shape. */
export function recordFault({ ref, record }: PortableRecord): string | undefined {
  switch (ref.kind) {
    case "attachment": {
      const { holder } = record as AttachmentRecord;
      const isOf = sameHolder(holder, { node: ref.node, attachment: ref.id });
      return isOf
        ? addressesFault(record as AttachmentRecord)
        : "record.holder: expected that of the reference";
    }
    case "allocation": {
      const { holders } = record as AllocationRecord;
      const names = holders.map(({ attachment, node }) => JSON.stringify([node, attachment]));
      return new Set(names).size < names.length ? "record.holders: expected each attachment once" : undefined;
    }
    case "owner": {
      const { owner } = record as { owner: Owner };
      const expected = describeOwner(ref.owner);
      return describeOwner(owner) === expected
        ? undefined
        : `record.owner: expected ${expected}, as the reference says`;
    }
    case "reservedRanges": {
      const { ranges } = record as RecordTypes["reservedRanges"];
      const wrong = ranges.find(({ first, last }) => !isRange(first, last));
      return (
        wrong && `record.ranges: expected the first address before the last, got ${wrong.first}-${wrong.last}`
      );
    }
    default:
      return undefined;
  }
}

function addressesFault({ addresses, gateways, prefixes }: AttachmentRecord): string | undefined {
  if (addresses.length === 0) return "record.addresses: expected at least one address";
  if (new Set(addresses).size < addresses.length) return "record.addresses: expected each address once";
  if (prefixes.length !== addresses.length || gateways.length !== addresses.length)
    return "record: expected as many prefixes and gateways as addresses";
  const at = addresses.findIndex((text, index) => {
    const { family } = parseAddress(text);
    const gateway = gateways[index] ?? null;
    const isForeign = gateway !== null && parseAddress(gateway).family !== family;
    return isForeign || (family === 4 && (prefixes[index] ?? 0) > 32);
  });
  return at < 0 ? undefined : `record: expected a prefix and a gateway for ${addresses[at]} of its family`;
}

function isRange(first: string, last: string): boolean {
  const [from, to] = [parseAddress(first), parseAddress(last)];
  return from.family === to.family && compareAddresses(from, to) <= 0;
}
