import { type Address, formatAddress, parseAddress } from "../address/address.ts";
import { type Cidr, cidrContains, formatCidr, networkOf } from "../address/cidr.ts";
import type { Entry } from "../ipam/store-port.ts";

export interface ToWhereabouts {
  /** Whereabouts' `range` of the network, one for each family or pool. */
  readonly ranges: readonly Cidr[];
  /** Where whereabouts keeps its objects. */
  readonly namespace: string;
  /** Whereabouts' `network_name`, where its configuration sets one. */
  readonly networkName?: string;
}

export interface WhereaboutsObjects {
  readonly pools: readonly object[];
  readonly reservations: readonly object[];
  /** One line each, for people. */
  readonly remarks: readonly string[];
}

const API_VERSION = "whereabouts.cni.cncf.io/v1alpha1";

interface Held {
  readonly address: Address;
  readonly id: string;
  readonly podref: string;
  readonly ifname: string;
}

/**
 * A network's attachments as whereabouts keeps them (its release 0.9: offsets into the range's network,
 * names as its `IPPoolName` and `NormalizeIP` make them): the way back from an import.
 */
export function toWhereabouts(
  attachments: readonly Entry<"attachment">[],
  { ranges, namespace, networkName }: ToWhereabouts,
): WhereaboutsObjects {
  const remarks: string[] = [];
  const held = attachments.flatMap(({ record }) => {
    const { attachment, pod } = record.holder;
    if (pod !== undefined) return heldOf(record.addresses, attachment, `${pod.namespace}/${pod.name}`);
    remarks.push(
      `${record.addresses.join(", ")} of container ${attachment.container}, which is not a pod: left out`,
    );
    return [];
  });
  const outside = held.filter(({ address }) => !ranges.some((range) => cidrContains(range, address)));
  for (const { address, podref } of outside)
    remarks.push(`${formatAddress(address)} of pod ${podref} lies in none of the ranges: left out`);
  const prefix = networkName === undefined ? "" : `${networkName}-`;
  const inside = oneEach(
    held.filter((each) => !outside.includes(each)),
    remarks,
  );
  return {
    pools: ranges.map((range) => poolOf(range, inside, { namespace, prefix })),
    reservations: inside.map((each) => reservationOf(each, { namespace, prefix })),
    remarks,
  };
}

/** Whereabouts has one container for each address. */
function oneEach(held: readonly Held[], remarks: string[]): Held[] {
  return [...Map.groupBy(held, ({ address }) => formatAddress(address))].flatMap(
    ([text, [first, ...others]]) => {
      for (const { id, podref } of others)
        remarks.push(
          `${text} of pod ${podref} (container ${id}) is held by pod ${first?.podref}, too: left out`,
        );
      return first ?? [];
    },
  );
}

interface Naming {
  readonly namespace: string;
  readonly prefix: string;
}

function heldOf(
  addresses: readonly string[],
  { container: id, ifname }: { readonly container: string; readonly ifname: string },
  podref: string,
): Held[] {
  return addresses.map((text) => ({ address: parseAddress(text), id, podref, ifname }));
}

function poolOf(range: Cidr, held: readonly Held[], { namespace, prefix }: Naming): object {
  const first = networkOf(range);
  const allocations = held
    .filter(({ address }) => cidrContains(range, address))
    .map(({ address, id, podref, ifname }) => [String(address.value - first.value), { id, podref, ifname }]);
  const text = formatCidr({ address: first, prefix: range.prefix });
  return {
    apiVersion: API_VERSION,
    kind: "IPPool",
    metadata: { name: `${prefix}${normalized(text)}`, namespace },
    spec: { range: text, allocations: Object.fromEntries(allocations) },
  };
}

function reservationOf({ address, id, podref, ifname }: Held, { namespace, prefix }: Naming): object {
  return {
    apiVersion: API_VERSION,
    kind: "OverlappingRangeIPReservation",
    metadata: { name: `${prefix}${normalized(formatAddress(address))}`, namespace },
    spec: { containerid: id, podref, ifname },
  };
}

/** Whereabouts' names have no colon and no slash, and none ends in a dash. */
function normalized(text: string): string {
  const whole = text.endsWith(":") ? `${text}0` : text;
  return whole.replaceAll(":", "-").replaceAll("/", "-");
}
