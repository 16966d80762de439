import type { NodeSettings } from "../config/network-configuration.ts";
import type { Node } from "../ipam/node-port.ts";
import { openCursors } from "./cursors.ts";
import { isDue, makeDue } from "./due.ts";
import { requireRoom, type SpareFiles } from "./files.ts";
import { readBootId, readNodeName } from "./identity.ts";
import { openJournal } from "./journal.ts";
import { keptIn, openKeptReleases } from "./kept-releases.ts";
import { attendAttachment, lockAttachment } from "./lock.ts";
import { identifyNamespace, namespaceState } from "./namespaces.ts";
import { openStoreMemory } from "./store-memory.ts";
import { openWitnesses } from "./witnesses.ts";

/**
 * Opens the Node port for this machine. Makes no folder and takes no lock before the first use.
 *
 * @param spares files to use again, for a process that serves many verbs.
 * @throws IpamError io without a boot ID, invalidConfig without a node name.
 */
export function openNode({ dataDir, runDir, nodeName }: NodeSettings, spares?: SpareFiles): Node {
  const bootId = readBootId();
  const journal = openJournal(`${runDir}/journal`, `${runDir}/journal-turn`, spares);
  return {
    name: readNodeName(nodeName),
    bootId,
    lock: (id, options) => lockAttachment(`${runDir}/locks`, id, options),
    attend: (id, deadline) => attendAttachment(`${runDir}/locks`, id, deadline),
    identifyNamespace,
    namespaceState: (namespace, recordedBootId) => namespaceState(namespace, recordedBootId, bootId),
    requireWritable: () => requireRoom(runDir, "runDir"),
    due: (task, seconds) => isDue(`${runDir}/due`, task, seconds),
    makeDue: (task) => makeDue(`${runDir}/due`, task),
    journal,
    witnesses: openWitnesses(`${runDir}/witnesses`, journal),
    keptReleases: openKeptReleases(keptIn(dataDir)),
    storeMemory: openStoreMemory(`${dataDir}/stores`),
    cursors: openCursors(`${runDir}/cursors`),
  };
}
