import { parseAddress } from "../../address/address.ts";
import { networkOf } from "../../address/cidr.ts";
import type { StoreRecords } from "../integrity/store-records.ts";
import type { SpacedNetwork } from "./types.ts";

/**
 * The networks of attachments that the store has no record of, as after an import or a recovery before the network's
 * first ADD. Where there is a record it counts alone: a pod may have asked for another prefix.
 */
export function heldNetworks({
  attachments,
  networks: recorded,
}: Pick<StoreRecords, "attachments" | "networks">): SpacedNetwork[] {
  const known = new Set(recorded.map(({ ref, record }) => JSON.stringify([ref.name, record.space])));
  const networks = new Map<string, SpacedNetwork>();
  for (const { ref, record } of attachments) {
    if (known.has(JSON.stringify([ref.id.network, record.space]))) continue;
    record.addresses.forEach((text, index) => {
      const address = parseAddress(text);
      const prefix = record.prefixes[index] ?? (address.family === 4 ? 32 : 128);
      const subnet = { address: networkOf({ address, prefix }), prefix };
      const { network: name } = ref.id;
      const key = JSON.stringify([name, record.space, String(subnet.address.value), prefix]);
      networks.set(key, { name, space: record.space, subnets: [subnet] });
    });
  }
  return [...networks.values()];
}
