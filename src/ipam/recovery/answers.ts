import { clusterRelation } from "../cluster-relation.ts";
import type { Ports } from "../ports.ts";
import type { NodeRecoveryRecord, RecoveryConflict, RefOf } from "../records.ts";
import type { CallOptions } from "../store-port.ts";

/** Which nodes have answered a recovery, and which have not. */
export interface Answers {
  readonly answered: readonly Answer[];
  /** Sorted names of expected nodes that have not answered. */
  readonly silent: readonly string[];
  /** True once every expected node has answered, and all remaining conflicts are real. */
  readonly complete: boolean;
}

/** One node's answer, as the store has it. */
export interface Answer {
  readonly ref: RefOf<"recovery">;
  readonly record: NodeRecoveryRecord;
  readonly revision: number;
}

/** Reads the answers to a recovery, of expected nodes and of all others. @throws StoreFailure. */
export async function readAnswers(
  recovery: string,
  expected: readonly string[],
  ports: Ports,
  options: CallOptions,
): Promise<Answers> {
  const answered: Answer[] = [];
  for await (const entry of ports.store.list({ kind: "recovery" }, options))
    if (entry.record.recovery === recovery) answered.push(entry);
  const heard = new Set(
    answered.filter(({ record }) => isOfCluster(record, ports)).map(({ record }) => record.node),
  );
  const silent = expected.filter((node) => !heard.has(node)).sort();
  const settled = answered.every(
    ({ record }) => record.conflicts.length === 0 || record.answersSeen >= answered.length,
  );
  return { answered, silent, complete: silent.length === 0 && settled };
}

/** All conflicts of the answers, each with the node that found it. */
export function conflictsOf({ answered }: Answers): (RecoveryConflict & { readonly node: string })[] {
  return answered.flatMap(({ record }) =>
    record.conflicts.map((conflict) => ({ ...conflict, node: record.node })),
  );
}

function isOfCluster({ cluster }: NodeRecoveryRecord, { clusterNames }: Ports): boolean {
  return clusterRelation(cluster, clusterNames) !== "other";
}
