import type { PodFacts } from "../../ipam/cluster-port.ts";
import type { Explanation } from "../../ipam/explain/explain.ts";
import type { PodId } from "../../ipam/records.ts";
import type { PodInterface } from "./interfaces.ts";
import type { Misplaced } from "./misplaced.ts";

/** Everything that is known of one pod's addresses. */
export interface Answer {
  readonly pod: PodId;
  readonly live?: PodFacts;
  readonly shown: ReadonlySet<string>;
  readonly interfaces: readonly Explained[];
  /** What workloads above it ask for, on themselves, where it does not reach the pod. */
  readonly misplaced: readonly Misplaced[];
  /** The kubeconfig; absent where Kubernetes was not asked. */
  readonly kubernetes?: string;
}

export interface Explained extends PodInterface {
  readonly explanation?: Explanation;
}
