import { CAPS } from "../../address/caps.ts";
import type { Annotations } from "./annotation.ts";

const MOST = CAPS.furtherNetworks;

/** One entry of the pod's list of further networks (Multus). */
export interface FurtherNetwork {
  readonly name: string;
  /** As the annotation says it; else net1, net2, … by its place, without the cluster's default networks. */
  readonly ifname: string;
  /** Its place, from 1, where Multus numbers its interface: networks that every pod gets come before it. */
  readonly numbered?: number;
  /** Of its definition; absent: the pod's own. */
  readonly namespace?: string;
  /** Addresses that Multus is to hand on as runtimeConfig.ips. */
  readonly ips?: readonly string[];
}

/** The annotation with the pod's list (Multus). */
export const KEY = "k8s.v1.cni.cncf.io/networks";

/**
 * The pod's further networks, in the order in which Multus attaches them (Network Plumbing Working
 * Group, "Multi-network spec", section 4.1.2): a JSON list, or "[namespace/]name[@interface],...". No more than
 * CAPS.furtherNetworks of them: what the pod asks of later ones is refused.
 */
export function furtherNetworks(annotations: Annotations): FurtherNetwork[] {
  const text = annotations[KEY]?.trim() ?? "";
  if (text === "") return [];
  const entries = text.startsWith("[") ? jsonEntries(text) : text.split(",", MOST).map(textEntry);
  return entries.map(({ ifname, ...entry }, index) =>
    ifname === undefined
      ? { ...entry, ifname: `net${index + 1}`, numbered: index + 1 }
      : { ...entry, ifname },
  );
}

type Entry = Omit<FurtherNetwork, "ifname" | "numbered"> & Partial<Pick<FurtherNetwork, "ifname">>;

function jsonEntries(text: string): Entry[] {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.slice(0, MOST).map(jsonEntry) : [UNREADABLE];
  } catch {
    return [UNREADABLE];
  }
}

/** Multus itself refuses a list that cannot be read; until then some network is not known. */
const UNREADABLE = { name: "" };

function jsonEntry(entry: unknown): Entry {
  if (typeof entry !== "object" || entry === null) return UNREADABLE;
  const { interface: ifname, ips, name, namespace } = entry as Readonly<Record<string, unknown>>;
  return {
    name: typeof name === "string" ? name : "",
    ...(typeof namespace === "string" && namespace !== "" && { namespace }),
    ...(typeof ifname === "string" && ifname !== "" && { ifname }),
    ...(Array.isArray(ips) && { ips: ips.filter((ip): ip is string => typeof ip === "string") }),
  };
}

function textEntry(text: string): Entry {
  const [path = "", ifname = ""] = text.trim().split("@");
  const slash = path.indexOf("/");
  return {
    name: path.slice(slash + 1),
    ...(slash > 0 && { namespace: path.slice(0, slash) }),
    ...(ifname !== "" && { ifname }),
  };
}
