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

/** One interface's entry of an address that a pod shows. */
export interface ShownPlace extends ShownAddress {
  /** status.podIPs has the address: it is one of the pod's default interface. */
  readonly podIP: boolean;
}

/** Network Plumbing Working Group, "Multi-network spec", section 4.1.3; the second is its older name. */
const KEYS = ["k8s.v1.cni.cncf.io/network-status", "k8s.v1.cni.cncf.io/networks-status"] as const;
/** What a pod asks of Multus. */
const ASKED = "k8s.v1.cni.cncf.io/networks";

/**
 * The addresses that a pod shows: those that Multus wrote for each interface, and status.podIPs. None
 * for a pod on its node's network: it shows the node's addresses, which kube-ipam never gives out.
 */
export function shownAddresses(pod: PodFacts): ShownAddress[] {
  const shown = new Map<string, ShownAddress>();
  for (const { podIP, ifname = podIP ? "eth0" : undefined, ...place } of shownPlaces(pod))
    if (!shown.has(place.text)) shown.set(place.text, { ...place, ...(ifname !== undefined && { ifname }) });
  return [...shown.values()];
}

/** The same, where an address comes once for each interface that has it; its name only where Multus tells it. */
export function shownPlaces(pod: PodFacts): ShownPlace[] {
  if (pod.hostNetwork === true) return [];
  const podIPs = new Map(pod.podIPs.flatMap(readShown).map((read) => [read.text, read]));
  const listed = interfacesOf(pod).flatMap(({ name, ifname, ips }) =>
    ips.flatMap(readShown).map((read) => ({
      ...read,
      ...(name !== "" && { network: name }),
      ...(ifname !== "" && { ifname }),
      podIP: podIPs.has(read.text),
    })),
  );
  for (const { text } of listed) podIPs.delete(text);
  return [...listed, ...[...podIPs.values()].map((read) => ({ ...read, podIP: true }))];
}

/**
 * Why a pod may have addresses that it does not show: Multus' annotation or an entry of it cannot be read, or it lists
 * fewer networks than the pod asks for. Undefined where it shows all.
 */
export function hidesBecause(pod: PodFacts): "unreadable" | "missing" | undefined {
  if (pod.hostNetwork === true) return undefined;
  const list = entriesOf(pod);
  if (list?.every(isReadable) !== true) return "unreadable";
  return list.filter((entry) => !isDefault(entry)).length < networksAsked(pod) ? "missing" : undefined;
}

/** How many further networks the pod asks Multus for: "lan, kube-system/db@net2", or a list in JSON. */
export function networksAsked({ annotations }: PodFacts): number {
  const text = (annotations[ASKED] ?? "").trim();
  if (!text.startsWith("[")) return text.split(",").filter((name) => name.trim() !== "").length;
  const list = parseList(text);
  return list === undefined ? 1 : list.length;
}

function readShown(text: string): { address: Address; text: string }[] {
  const address = tryParseAddress(text.split("/")[0] ?? "");
  return address === undefined ? [] : [{ address, text: formatAddress(address) }];
}

interface Interface {
  readonly name: string;
  readonly ifname: string;
  readonly ips: readonly string[];
}

function interfacesOf(pod: PodFacts): Interface[] {
  return (entriesOf(pod) ?? []).map(interfaceOf);
}

/** Undefined where the annotation cannot be read; none where there is none. */
function entriesOf(pod: PodFacts): readonly unknown[] | undefined {
  const text = statusOf(pod);
  return text === undefined ? [] : parseList(text);
}

function parseList(text: string): readonly unknown[] | undefined {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : undefined;
  } catch {
    return undefined;
  }
}

/** Whether an entry tells its interface and all addresses of it. An interface may have none. */
function isReadable(entry: unknown): boolean {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return false;
  const { name = "", interface: ifname = "", ips } = entry as Members;
  if (typeof name !== "string" || typeof ifname !== "string") return false;
  const isShown = (ip: unknown) => typeof ip === "string" && readShown(ip).length > 0;
  return (ips ?? undefined) === undefined || (Array.isArray(ips) && ips.every(isShown));
}

function isDefault(entry: unknown): boolean {
  return (entry as Members).default === true;
}

type Members = Readonly<Record<string, unknown>>;

function statusOf({ annotations }: PodFacts): string | undefined {
  return KEYS.map((key) => annotations[key]).find((value) => value !== undefined);
}

function interfaceOf(entry: unknown): Interface {
  const { name, interface: ifname, ips } = (entry ?? {}) as Members;
  return {
    name: typeof name === "string" ? name : "",
    ifname: typeof ifname === "string" ? ifname : "",
    ips: Array.isArray(ips) ? ips.filter((ip): ip is string => typeof ip === "string") : [],
  };
}
