import { NO_ATTENDANCE, NO_LOCK } from "../../ipam/explain/no-lock.ts";
import { NO_JOURNAL, NO_STORE_MEMORY, NO_WITNESSES } from "../../ipam/explain/no-memory.ts";
import type { Node } from "../../ipam/node-port.ts";

/**
 * The node port of the controller, which works for all nodes and runs for none: it sees no network
 * namespaces, so that what it frees rests on other evidence, and it remembers nothing.
 */
export function noNode(): Node {
  return {
    name: "",
    bootId: "",
    attend: async () => NO_ATTENDANCE,
    lock: async () => NO_LOCK,
    identifyNamespace: () => undefined,
    formerNames: () => [],
    machineId: () => "",
    relationTo: () => "other",
    namespaceState: () => "unknown",
    requireWritable: () => undefined,
    due: () => false,
    makeDue: () => undefined,
    journal: NO_JOURNAL,
    witnesses: NO_WITNESSES,
    keptReleases: { keep: () => undefined, of: () => undefined, list: () => [], drop: () => undefined },
    storeMemory: NO_STORE_MEMORY,
    cursors: { read: () => undefined, advance: () => undefined },
  };
}
