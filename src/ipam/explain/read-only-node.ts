import type { Node } from "../node-port.ts";
import { NO_ATTENDANCE, NO_LOCK } from "./no-lock.ts";
import { NO_JOURNAL, NO_STORE_MEMORY, NO_WITNESSES } from "./no-memory.ts";

/** The node that a question is about. */
export interface NodeIdentity {
  readonly name: string;
  readonly bootId: string;
}

/**
 * A Node port to ask what would happen to an ADD on the node `watched`: it writes and locks nothing. What
 * only that node can see is known where `self` is that node, and "unknown" elsewhere.
 */
export function readOnlyNode(self: Node, watched: NodeIdentity): Node {
  const isSelf = self.name === watched.name && self.bootId === watched.bootId;
  return {
    ...watched,
    attend: async () => NO_ATTENDANCE,
    lock: async () => NO_LOCK,
    identifyNamespace: (path) => ({ path }),
    formerNames: () => [],
    machineId: () => "",
    relationTo: (trace) => (isSelf ? self.relationTo(trace) : "unknown"),
    namespaceState: (trace) => (isSelf ? self.namespaceState(trace) : "unknown"),
    requireWritable: () => undefined,
    due: () => false,
    makeDue: () => undefined,
    journal: NO_JOURNAL,
    witnesses: NO_WITNESSES,
    keptReleases: {
      keep: () => undefined,
      of: (id) => (isSelf ? self.keptReleases.of(id) : undefined),
      list: () => [],
      drop: () => undefined,
    },
    storeMemory: isSelf
      ? { ...NO_STORE_MEMORY, recall: (space) => self.storeMemory.recall(space) }
      : NO_STORE_MEMORY,
    cursors: { read: () => undefined, advance: (_pool, next) => next(undefined) },
  };
}
