import type { AddEvent } from "./add-event.ts";
import type { ClusterNames } from "./cluster-names.ts";
import type { Cluster } from "./cluster-port.ts";
import type { Foresight } from "./foresight.ts";
import type { Node } from "./node-port.ts";
import type { Store } from "./store-port.ts";
import type { Turns } from "./turns.ts";

/** Everything that a decision may use. Decisions get it as an argument and reach nothing else. */
export interface Ports {
  readonly store: Store;
  readonly node: Node;
  /** Absent where no Kubernetes is configured. */
  readonly cluster?: Cluster;
  /** What the cluster is called that this node belongs to, where known. */
  readonly clusterNames?: ClusterNames;
  /** What earlier ADDs read from the store. Absent where a read costs next to nothing. */
  readonly foresight?: Foresight;
  /** In a process that serves many ADDs: lets those of one workload go one after the other. */
  readonly turns?: Turns;
  /** Receives what happens during an ADD. Never throws, and takes no time. */
  readonly report?: (event: AddEvent) => void;
  readonly log: Log;
  /** A number in [0, 1), evenly spread. Keeps ADDs that run at once from choosing the same address. */
  readonly random: () => number;
}

/** Ports of a caller that works for a whole cluster: Kubernetes is configured, and it is known what it is called. */
export interface ClusterPorts extends Ports {
  readonly cluster: Cluster;
  readonly clusterNames: ClusterNames;
}

/** Writes one line for people. Never throws, and never writes to stdout. */
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

export type LogLevel = "debug" | "info" | "warn" | "error";
