import { formatAddress, tryParseAddress } from "../../../address/address.ts";
import type { Ref } from "../../../ipam/records.ts";

/** A reference as JSON text, the same for two references to one record. An owner's UID does not count. */
export function refText(ref: Ref): string {
  if ("address" in ref) return JSON.stringify([ref.kind, ref.space, formatAddress(ref.address)]);
  if ("id" in ref)
    return JSON.stringify([ref.kind, ref.node, ref.id.network, ref.id.container, ref.id.ifname]);
  switch (ref.kind) {
    case "meta":
      return JSON.stringify([ref.kind]);
    case "network":
      return JSON.stringify([ref.kind, ref.name]);
    case "recovery":
      return JSON.stringify([ref.kind, ref.node]);
    case "reservedRanges":
      return JSON.stringify([ref.kind, ref.space]);
    case "owner":
      return JSON.stringify([ref.kind, ref.space, ref.owner.kind, ref.owner.namespace, ref.owner.name]);
  }
}

/** Undoes `refText`; undefined for text that it never writes. */
export function parseRef(text: string): Ref | undefined {
  const parts = partsOf(text);
  const [kind, first = "", second = "", third = "", fourth = ""] = parts ?? [];
  const ref = refOf(kind, first, second, third, fourth);
  return ref !== undefined && refText(ref) === text ? ref : undefined;
}

function partsOf(text: string): string[] | undefined {
  try {
    const parts: unknown = JSON.parse(text);
    return Array.isArray(parts) && parts.every((part) => typeof part === "string") ? parts : undefined;
  } catch {
    return undefined;
  }
}

function refOf(
  kind: string | undefined,
  first: string,
  second: string,
  third: string,
  fourth: string,
): Ref | undefined {
  switch (kind) {
    case "meta":
      return { kind };
    case "network":
      return { kind, name: first };
    case "recovery":
      return { kind, node: first };
    case "reservedRanges":
      return { kind, space: first };
    case "owner":
      return { kind, space: first, owner: { kind: second, namespace: third, name: fourth } };
    case "attachment":
    case "released":
      return { kind, node: first, id: { network: second, container: third, ifname: fourth } };
    case "allocation":
    case "reservation":
    case "cooling": {
      const address = tryParseAddress(second);
      return address && { kind, space: first, address };
    }
    default:
      return undefined;
  }
}
