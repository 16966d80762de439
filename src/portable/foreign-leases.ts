import { type Address, compareAddresses, type Family, formatAddress } from "../address/address.ts";
import { type RangePart, rangeOf } from "../address/range.ts";
import { importedId } from "../ipam/free/adopt.ts";
import { type Holder, type PodId, RECORD_VERSION } from "../ipam/records.ts";
import type { PortableRecord } from "./document.ts";

/** An address that another IPAM plugin gave to a container. */
export interface ForeignLease {
  readonly address: Address;
  readonly container: string;
  readonly ifname: string;
  /** The node that will get the container's DEL. */
  readonly node: string;
  /** Whether it is this very machine, for certain: several may have been given its node's name. */
  readonly isHere?: boolean;
  readonly pod?: PodId;
  /** Whether Kubernetes shows that this pod runs on this node. */
  readonly nodeVerified?: boolean;
}

export interface ForeignNetwork {
  /** The plugin that allocated the addresses: "host-local", "kube-ipam-0.2", "whereabouts". */
  readonly source: string;
  readonly name: string;
  readonly space: string;
  /** Tell prefix and gateway, where they are known. */
  readonly ranges: readonly RangePart[];
  readonly cluster?: string;
  /** This machine's ID, for what is here. */
  readonly machine?: string;
  /** When, for people. */
  readonly since: string;
}

/**
 * The records under which such addresses are held here, so that nobody else gets them and a later
 * DEL of the container frees them. The container's namespace is not known: until a node adopts them,
 * nothing but that DEL or an operator frees them (EVIDENCE).
 */
export function recordsOfLeases(leases: readonly ForeignLease[], network: ForeignNetwork): PortableRecord[] {
  const attachments = new Map<string, ForeignLease[]>();
  for (const lease of leases) {
    const key = JSON.stringify([lease.node, lease.container, lease.ifname]);
    attachments.set(key, [...(attachments.get(key) ?? []), lease]);
  }
  return [
    ...allocationsOf(leases, network),
    ...[...attachments.values()].flatMap((same) => attachmentOf(same, network)),
  ];
}

/** An address of several leases has all their holders, and is free when the last has ended. */
function allocationsOf(leases: readonly ForeignLease[], network: ForeignNetwork): PortableRecord[] {
  const { since, space } = network;
  const base = { version: RECORD_VERSION, origin: "dynamic", since } as const;
  const byAddress = Map.groupBy(leases, ({ address }) => formatAddress(address));
  return [...byAddress].map(([address, same]) => ({
    ref: { kind: "allocation", space, address },
    record: { ...base, holders: same.map((lease) => holderOf(lease, network)) },
  }));
}

function attachmentOf(leases: readonly ForeignLease[], network: ForeignNetwork): PortableRecord[] {
  const [first] = leases;
  if (first === undefined) return [];
  const { space } = network;
  const addresses = leases.map(({ address }) => address).sort(compareAddresses);
  const holder = holderOf(first, network);
  const base = { version: RECORD_VERSION, origin: "dynamic" } as const;
  return [
    {
      ref: { kind: "attachment", node: first.node, id: holder.attachment },
      record: {
        ...base,
        space,
        addresses: addresses.map(formatAddress),
        prefixes: addresses.map(
          (address) => rangeOf(network, address)?.subnet.prefix ?? WHOLE[address.family],
        ),
        gateways: addresses.map((address) => {
          const gateway = rangeOf(network, address)?.gateway;
          return gateway ? formatAddress(gateway) : null;
        }),
        holder,
      },
    },
  ];
}

/** Stands for an interface that is not known, and so has this address alone: no DEL has that name. */
export function unknownInterface(address: Address): string {
  return `(${formatAddress(address)})`;
}

const WHOLE: Readonly<Record<Family, number>> = { 4: 32, 6: 128 };

function holderOf(lease: ForeignLease, network: ForeignNetwork): Holder {
  const { container, ifname, isHere, node, pod, nodeVerified = false } = lease;
  return {
    attachment: { network: network.name, container, ifname },
    ...(pod && { pod }),
    node,
    nodeVerified,
    bootId: "",
    ...(isHere === true && network.machine !== undefined && { machine: network.machine }),
    namespace: { path: "" },
    requestId: importedId(network.source, container),
    ...(network.cluster !== undefined && { cluster: network.cluster }),
  };
}
