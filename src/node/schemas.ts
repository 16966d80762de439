import * as v from "valibot";
import type { JournalEntry, KeptRelease } from "../ipam/node-port.ts";
import { RECORD_VERSION } from "../ipam/records.ts";
import type { Hardware } from "./hardware.ts";

const Version = v.pipe(v.number(), v.integer(), v.maxValue(RECORD_VERSION));

const Attachment = v.object({ network: v.string(), container: v.string(), ifname: v.string() });

const Pod = v.object({ namespace: v.string(), name: v.string(), uid: v.exactOptional(v.string()) });

const Namespace = v.object({
  path: v.string(),
  device: v.exactOptional(v.string()),
  inode: v.exactOptional(v.string()),
  mountNamespace: v.exactOptional(v.string()),
  folder: v.exactOptional(v.string()),
});

const Holder = v.object({
  attachment: Attachment,
  pod: v.exactOptional(Pod),
  node: v.string(),
  nodeVerified: v.boolean(),
  bootId: v.string(),
  machine: v.exactOptional(v.string()),
  namespace: Namespace,
  requestId: v.string(),
  cluster: v.exactOptional(v.string()),
});

const Owner = v.object({
  kind: v.string(),
  namespace: v.string(),
  name: v.string(),
  uid: v.exactOptional(v.string()),
  apiVersion: v.exactOptional(v.string()),
});

/** A file of the journal. */
export const JournalEntrySchema: v.GenericSchema<unknown, JournalEntry> = v.object({
  version: Version,
  holder: Holder,
  space: v.string(),
  addresses: v.array(v.string()),
  storeUuid: v.string(),
  storeLocation: v.exactOptional(v.string()),
  prefixes: v.exactOptional(v.array(v.number())),
  gateways: v.exactOptional(v.array(v.nullable(v.string()))),
  origin: v.exactOptional(v.picklist(["dynamic", "fixed", "sticky"])),
  endsReservations: v.exactOptional(v.boolean()),
  reservedFor: v.exactOptional(
    v.object({
      owner: Owner,
      retain: v.union([v.picklist(["workload", "delete", "keep"]), v.number()]),
      addresses: v.array(v.string()),
      ordinal: v.exactOptional(v.number()),
      place: v.exactOptional(
        v.object({ network: v.string(), ifname: v.string(), slot: v.exactOptional(v.string()) }),
      ),
    }),
  ),
  contested: v.exactOptional(v.boolean()),
});

/** A file of a kept DEL. */
export const KeptReleaseSchema: v.GenericSchema<unknown, KeptRelease> = v.object({
  version: Version,
  attachment: Attachment,
  node: v.string(),
  requestId: v.exactOptional(v.string()),
  storeUuid: v.exactOptional(v.string()),
});

export interface MachineFile {
  readonly version: number;
  readonly id: string;
  readonly boots: readonly string[];
  /** The node's names; the last one is the newest. */
  readonly names: readonly string[];
  /** The hardware as the node's processes have seen it. */
  readonly hardware: readonly Hardware[];
}

/** What a machine knows of itself. The last boot is the one in which this was written. */
export const MachineFileSchema: v.GenericSchema<unknown, MachineFile> = v.object({
  version: Version,
  id: v.pipe(v.string(), v.nonEmpty()),
  boots: v.array(v.string()),
  names: v.array(v.string()),
  hardware: v.array(v.record(v.string(), v.union([v.string(), v.array(v.string())]))),
});

/** The store of an address space. `revision` was seen when this was written, or later. */
export const RememberedStoreSchema = v.object({
  version: Version,
  uuid: v.string(),
  prefix: v.string(),
  revision: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  recovery: v.exactOptional(v.string()),
  epoch: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  formerRecoveries: v.exactOptional(v.array(v.string())),
  lineage: v.exactOptional(v.string()),
});
