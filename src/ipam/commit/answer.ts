import { parseAddress } from "../../address/address.ts";
import { rangeAmong } from "../../address/range.ts";
import type { Network } from "../network.ts";
import type { AttachmentRecord } from "../records.ts";
import type { Allocated, AllocatedAddress } from "../requests.ts";
import type { Versioned } from "../store-port.ts";
import type { Attempt } from "../view/attempt.ts";

/** The result of an ADD, from the attachment's record. */
export function answer(
  attempt: Attempt,
  { record, revision }: Versioned<AttachmentRecord>,
  repeated: boolean,
): Allocated {
  return {
    space: record.space,
    revision,
    attachment: attempt.request.attachment,
    addresses: addressesOf(record, attempt.request.network),
    origin: record.origin,
    requestId: attempt.requestId,
    repeated,
  };
}

/**
 * The addresses of a record as its ADD printed them, whatever the configuration says today. A record
 * imported from another plugin may lack the prefix: then it is the network's.
 */
function addressesOf(record: AttachmentRecord, network: Network): AllocatedAddress[] {
  return record.addresses.map((text, index) => {
    const address = parseAddress(text);
    const prefix = record.prefixes[index];
    const gateway = record.gateways[index];
    if (prefix !== undefined) return { address, prefix, ...(gateway && { gateway: parseAddress(gateway) }) };
    const range = rangeAmong(network.sets, address);
    if (range === undefined) return { address, prefix: address.family === 4 ? 32 : 128 };
    return { address, prefix: range.subnet.prefix, ...(range.gateway && { gateway: range.gateway }) };
  });
}
