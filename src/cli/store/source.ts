import type { PortableRecord } from "../../portable/document.ts";
import type { KubernetesOptions } from "../kubernetes.ts";

/** What an import can read. */
export const SOURCES = ["export", "kube-ipam-0.2", "host-local", "whereabouts"] as const;

export interface SourceOptions extends KubernetesOptions {
  readonly from: (typeof SOURCES)[number];
  readonly network?: string;
  readonly folder?: string;
  readonly containers?: string;
  readonly ifname: string;
  readonly pool?: readonly string[];
  readonly definition?: string;
  readonly skipGone?: boolean;
  readonly space?: string;
  readonly config?: string;
}

/** What is to be imported, and what of the source is left out. */
export interface Source {
  readonly records: readonly PortableRecord[];
  /** One line each, for people. */
  readonly remarks: readonly string[];
  /** What they should think over before they go on. */
  readonly warning?: string;
}
