import type { AddEvent } from "./add-event.ts";
import type { Cluster } from "./cluster-port.ts";
import type { Foresight } from "./foresight.ts";
import type { Node } from "./node-port.ts";
import type { Store } from "./store-port.ts";
import type { Turns } from "./turns.ts";

/** Everything a decision may touch. Decisions get it as an argument and reach nothing else. */
export interface Ports {
  readonly store: Store;
  readonly node: Node;
  /** Absent where no Kubernetes is configured. */
  readonly cluster?: Cluster;
  /** UID of the cluster this node belongs to (that of the namespace kube-system), where known. */
  readonly clusterUid?: string;
  /** What earlier ADDs saw of the store; absent where a look costs next to nothing. */
  readonly foresight?: Foresight;
  /** Where a process serves many ADDs: so that those of one workload need not race. */
  readonly turns?: Turns;
  /** Never throws, and takes no time. */
  readonly report?: (event: AddEvent) => void;
  readonly log: Log;
  /** Evenly spread over [0, 1): keeps those who look for an address at once from taking the same one. */
  readonly random: () => number;
}

/** Ports of one who works for a whole cluster: Kubernetes is there, and it is known which one it is. */
export interface ClusterPorts extends Ports {
  readonly cluster: Cluster;
  readonly clusterUid: string;
}

/** Writes one line for people; never throws, never touches stdout. */
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

export type LogLevel = "debug" | "info" | "warn" | "error";
