import { type Address, formatAddress, tryParseAddress } from "../../address/address.ts";
import type { PodFacts } from "../cluster-port.ts";

/** An address in a pod's status or annotations, and the network and interface that it is listed for. */
export interface ShownAddress {
  readonly address: Address;
  readonly text: string;
  /** As Multus names it: "namespace/name" of a definition, or a configuration's name. */
  readonly network?: string;
  readonly ifname?: string;
}

/** Network Plumbing Working Group, "Multi-network spec", section 4.1.3; the second is its older name. */
const KEYS = ["k8s.v1.cni.cncf.io/network-status", "k8s.v1.cni.cncf.io/networks-status"] as const;

/**
 * The addresses that a pod shows: those that Multus wrote for each interface, and status.podIPs. None
 * for a pod on its node's network: it shows the node's addresses, which kube-ipam never gives out.
 */
export function shownAddresses(pod: PodFacts): ShownAddress[] {
  if (pod.hostNetwork === true) return [];
  const shown = new Map<string, ShownAddress>();
  const add = (text: string, where: Pick<ShownAddress, "network" | "ifname">) => {
    const address = tryParseAddress(text.split("/")[0] ?? "");
    if (address === undefined) return;
    const canonical = formatAddress(address);
    if (!shown.has(canonical)) shown.set(canonical, { address, text: canonical, ...where });
  };
  for (const { name, ifname, ips } of interfacesOf(pod)) {
    for (const ip of ips)
      add(ip, { ...(name !== "" && { network: name }), ...(ifname !== "" && { ifname }) });
  }
  for (const ip of pod.podIPs) add(ip, { ifname: "eth0" });
  return [...shown.values()];
}

interface Interface {
  readonly name: string;
  readonly ifname: string;
  readonly ips: readonly string[];
}

/** An annotation that cannot be read counts as absent. */
function interfacesOf({ annotations }: PodFacts): Interface[] {
  const text = KEYS.map((key) => annotations[key]).find((value) => value !== undefined);
  if (text === undefined) return [];
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.map(interfaceOf) : [];
  } catch {
    return [];
  }
}

function interfaceOf(entry: unknown): Interface {
  const { name, interface: ifname, ips } = (entry ?? {}) as Readonly<Record<string, unknown>>;
  return {
    name: typeof name === "string" ? name : "",
    ifname: typeof ifname === "string" ? ifname : "",
    ips: Array.isArray(ips) ? ips.filter((ip): ip is string => typeof ip === "string") : [],
  };
}
