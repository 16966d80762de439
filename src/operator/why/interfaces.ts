import { parseAddress, tryParseAddress } from "../../address/address.ts";
import type { PodFacts } from "../../ipam/cluster-port.ts";
import { plainAddresses } from "../../ipam/wish/annotations.ts";
import { type FurtherNetwork, furtherNetworks } from "../../ipam/wish/further-networks.ts";
import type { HeldAddress } from "./held.ts";
import { definitionHolding, holds, type KnownNetwork } from "./known-network.ts";

/** One interface of a pod, and its network as far as that is known. */
export interface PodInterface {
  readonly ifname: string;
  /** As Multus or the store names it; absent where nothing does. */
  readonly name?: string;
  readonly network?: KnownNetwork;
  readonly entry?: FurtherNetwork;
  /** Why its network is not known. */
  readonly note?: string;
  readonly held: readonly HeldAddress[];
}

/** The first interface, which the runtime makes, then those that Multus adds, then what else is held. */
export function interfacesOf(
  pod: PodFacts | undefined,
  held: readonly HeldAddress[],
  known: ReadonlyMap<string, KnownNetwork>,
  ofFirst?: string,
): PodInterface[] {
  const further = pod === undefined ? [] : furtherNetworks(pod.annotations);
  const names = ["eth0", ...further.map(({ ifname }) => ifname), ...held.map(ifnameOf)];
  return [...new Set(names)].flatMap((ifname) => {
    const own = held.filter((each) => ifnameOf(each) === ifname);
    const entry = further.find((each) => each.ifname === ifname);
    const [first] = own;
    const named = first && known.get(first.holder.attachment.network);
    const network =
      named &&
      definitionHolding(
        named,
        own.map(({ address }) => parseAddress(address)),
      );
    if (first !== undefined)
      return { ifname, name: first.holder.attachment.network, ...(network && { network }), held: own };
    if (entry !== undefined) return { ifname, name: entry.name, entry, held: own };
    const main = pod && mainNetwork(pod, further, known, ofFirst);
    if (main === "not ours") return [];
    return { ifname, ...(main && { name: main.network.name, network: main }), held: own };
  });
}

/**
 * The network of the first interface, which no object names: the one that the caller names, that
 * holds what the pod shows or asks for, or the only one that there is.
 */
function mainNetwork(
  { annotations, podIPs }: PodFacts,
  further: readonly FurtherNetwork[],
  known: ReadonlyMap<string, KnownNetwork>,
  named: string | undefined,
): KnownNetwork | "not ours" | undefined {
  const shown = podIPs.flatMap((text) => tryParseAddress(text) ?? []);
  const wanted = [...shown, ...plainAddresses(annotations)];
  const chosen = named === undefined ? undefined : known.get(named);
  if (named !== undefined) return chosen && definitionHolding(chosen, wanted);
  const others = [...known.values()].filter(({ network }) =>
    further.every(({ name }) => name !== network.name),
  );
  const fitting = others
    .map((each) => definitionHolding(each, wanted))
    .find((each) => wanted.some((address) => holds(each, address)));
  if (fitting !== undefined) return fitting;
  const shownElsewhere = podIPs.length > 0 || (others.length === 0 && further.length > 0);
  if (shownElsewhere) return "not ours";
  const [only, second] = others;
  return second === undefined ? only : undefined;
}

function ifnameOf({ holder }: HeldAddress): string {
  return holder.attachment.ifname;
}
