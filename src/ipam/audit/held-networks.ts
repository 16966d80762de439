import { parseAddress } from "../../address/address.ts";
import { cidrContains, networkOf, parseCidr } from "../../address/cidr.ts";
import type { StoreRecords } from "../integrity/store-records.ts";
import { definitionsOf, subnetsOf } from "../network-definitions.ts";
import type { SpacedNetwork } from "./types.ts";

/**
 * The networks of addresses that are in no network which the store has a record of, as after an import or a recovery
 * before the network's first ADD, or in a subnet that a network left long ago. What a record has counts alone: a pod may
 * have asked for another prefix.
 */
export function heldNetworks({
  attachments,
  networks: recorded,
}: Pick<StoreRecords, "attachments" | "networks">): SpacedNetwork[] {
  const known = Map.groupBy(
    recorded.flatMap(({ ref, record }) => definitionsOf(record).map((each) => ({ ...each, name: ref.name }))),
    ({ name, space }) => JSON.stringify([name, space]),
  );
  const networks = new Map<string, SpacedNetwork>();
  for (const { ref, record } of attachments) {
    const definitions = known.get(JSON.stringify([ref.id.network, record.space])) ?? [];
    const subnets = subnetsOf(definitions).map(parseCidr);
    record.addresses.forEach((text, index) => {
      const address = parseAddress(text);
      if (subnets.some((subnet) => cidrContains(subnet, address))) return;
      const prefix = record.prefixes[index] ?? (address.family === 4 ? 32 : 128);
      const subnet = { address: networkOf({ address, prefix }), prefix };
      const { network: name } = ref.id;
      const key = JSON.stringify([name, record.space, String(subnet.address.value), prefix]);
      networks.set(key, { name, space: record.space, subnets: [subnet] });
    });
  }
  return [...networks.values()];
}
