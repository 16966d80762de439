import type { NodeSettings } from "../config/network-configuration.ts";
import { type Here, namespaceStateHere, relationTo } from "../ipam/evidence/namespace-evidence.ts";
import type { Node } from "../ipam/node-port.ts";
import { readBootId } from "./boot-id.ts";
import { openCursors } from "./cursors.ts";
import { isDue, makeDue } from "./due.ts";
import { requireRoom, type SpareFiles } from "./files.ts";
import { openJournal } from "./journal.ts";
import { keptIn, openKeptReleases } from "./kept-releases.ts";
import { attendAttachment, lockAttachment } from "./lock.ts";
import { openMachine } from "./machine.ts";
import { isNamespaceHeld } from "./namespace-holders.ts";
import { identifyNamespace, lookAtNamespace } from "./namespaces.ts";
import { olderNodeName, readNodeName } from "./node-name.ts";
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
  const name = readNodeName(nodeName);
  const older = olderNodeName(nodeName);
  const machine = openMachine({ dataDir, runDir, bootId, name, notesHardware: spares !== undefined });
  const formerNames = () =>
    [...new Set([...machine.names(), ...(older === undefined ? [] : [older])])].filter(
      (each) => each !== name,
    );
  const here: Here = {
    name,
    formerNames,
    bootId,
    machine: machine.id,
    hadBoot: machine.hadBoot,
    look: lookAtNamespace,
    isHeld: isNamespaceHeld,
  };
  return {
    name,
    formerNames,
    bootId,
    lock: (id, options) => lockAttachment(`${runDir}/locks`, id, options),
    attend: (id, deadline) => attendAttachment(`${runDir}/locks`, id, deadline),
    identifyNamespace,
    machineId: () => machine.establish(),
    relationTo: (trace) => relationTo(trace, here),
    namespaceState: (trace) => namespaceStateHere(trace, here),
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
