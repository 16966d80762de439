import { parseAddress } from "../../address/address.ts";
import { type Cidr, cidrContains, networkOf, parseCidr } from "../../address/cidr.ts";
import type { StoreRecords } from "../integrity/store-records.ts";
import { definitionsOf, subnetsOf } from "../network-definitions.ts";
import type { NetworkDefinition } from "../records.ts";
import type { Entry } from "../store-port.ts";
import type { SpacedNetwork } from "./types.ts";

/**
 * The networks of addresses that are in no network which the store has a record of, as after an import or a recovery
 * before the network's first ADD, or in a subnet that a network left long ago. What a record has counts alone: a pod may
 * have asked for another prefix.
 */
export function heldNetworks({
  attachments,
  networks,
}: Pick<StoreRecords, "attachments" | "networks">): SpacedNetwork[] {
  const held = new HeldNetworks(networks);
  for (const entry of attachments) held.add(entry);
  return held.found();
}

/** The same, of attachments that come one after the other. */
export class HeldNetworks {
  readonly #definitions: ReadonlyMap<string, readonly NetworkDefinition[]>;
  readonly #subnets = new Map<string, readonly Cidr[]>();
  readonly #found = new Map<string, SpacedNetwork>();

  constructor(recorded: StoreRecords["networks"]) {
    this.#definitions = Map.groupBy(
      recorded.flatMap(({ ref, record }) =>
        definitionsOf(record).map((each) => ({ ...each, name: ref.name })),
      ),
      ({ name, space }) => JSON.stringify([name, space]),
    );
  }

  add({ ref, record }: Pick<Entry<"attachment">, "ref" | "record">): void {
    const { network: name } = ref.id;
    const subnets = this.#subnetsOf(name, record.space);
    record.addresses.forEach((text, index) => {
      const address = parseAddress(text);
      if (subnets.some((subnet) => cidrContains(subnet, address))) return;
      const prefix = record.prefixes[index] ?? (address.family === 4 ? 32 : 128);
      const subnet = { address: networkOf({ address, prefix }), prefix };
      const key = JSON.stringify([name, record.space, String(subnet.address.value), prefix]);
      this.#found.set(key, { name, space: record.space, subnets: [subnet] });
    });
  }

  found(): SpacedNetwork[] {
    return [...this.#found.values()];
  }

  #subnetsOf(name: string, space: string): readonly Cidr[] {
    const key = JSON.stringify([name, space]);
    const subnets = this.#subnets.get(key) ?? subnetsOf(this.#definitions.get(key) ?? []).map(parseCidr);
    this.#subnets.set(key, subnets);
    return subnets;
  }
}
