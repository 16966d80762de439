import type { PortableRecord } from "../../portable/document.ts";
import type { KubernetesOptions } from "../session/cluster-settings.ts";
import type { Told } from "./told.ts";

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
  readonly skipDamaged?: boolean;
  readonly dryRun?: boolean;
  readonly space?: string;
  readonly config?: string;
}

/** What is to be imported, and what of the source is left out. */
export interface Source {
  readonly records: readonly PortableRecord[];
  /** What is left out, one line each. */
  readonly remarks: readonly string[];
  /** What the operator should consider before the import. */
  readonly warning?: string;
  /** The same with what it is about, for people and programs. */
  readonly told?: readonly Told[];
  /** Why nothing of it may be imported, one line each. */
  readonly conflicts?: readonly string[];
  /** What to do about conflicts, one line each. */
  readonly wayOut?: readonly string[];
}
