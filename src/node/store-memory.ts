import fs from "node:fs";
import { IpamError } from "../ipam/errors.ts";
import type { RememberedStore, StoreMemory } from "../ipam/node-port.ts";
import { RECORD_VERSION } from "../ipam/records.ts";
import { fileName } from "./file-name.ts";
import { filesOf, readIfThere, removeFile, replaceFile } from "./files.ts";
import { parse, refuseNewer } from "./json-files.ts";
import { lockBriefly } from "./lock-briefly.ts";
import { quietly } from "./quietly.ts";
import { RememberedStoreSchema } from "./schemas.ts";

/** The StoreMemory port, with what `kube-ipam store accept` needs besides. */
export interface ForgetfulStoreMemory extends StoreMemory {
  /** Forgets the store of a space, so that the next use accepts any store. @throws IpamError io */
  forget(space: string): void;
}

/**
 * Keeps two files per address space below `folder`. One holds the store's identity; it is fsynced, and
 * rewritten only when that changes. The other holds the highest revision and epoch seen, which change with
 * every ADD; it has a fixed length, is written in place, and may be lost, which only makes the memory older.
 *
 * `recall` throws IpamError io where the first is damaged or newer than the program (FAIL-CLOSED);
 * `remember` throws it where the store's identity cannot be written.
 */
export function openStoreMemory(folder: string): ForgetfulStoreMemory {
  const identityPath = (space: string) => `${folder}/${fileName(space)}.json`;
  const revisionPath = (space: string) => `${folder}/${fileName(space)}.revision`;
  const identity = (space: string) => readIdentity(identityPath(space));
  return {
    recall(space) {
      const known = identity(space);
      if (known === undefined) return undefined;
      const seen = highest(revisionPath(space), known.uuid);
      const epoch = Math.max(known.epoch ?? 0, seen.epoch);
      const revision = Math.max(known.revision, seen.revision);
      return { ...identityOf(known), revision, ...(epoch > 0 && { epoch }) };
    },
    remember(space, store) {
      const known = identity(space);
      const same = known?.uuid === store.uuid ? known : undefined;
      // The node may know of more former recoveries than the store does.
      const former = same?.formerRecoveries && { formerRecoveries: same.formerRecoveries };
      const next = { ...(same && identityOf(same)), ...identityOf(store), ...former };
      if (known === undefined || !Bun.deepEquals(identityOf(known), next))
        writeIdentity(identityPath(space), { ...store, ...next });
      raise(revisionPath(space), store);
    },
    accept(space, store) {
      // Killed in between, the node remembers too little, but nothing wrong.
      removeFile(revisionPath(space), "dataDir");
      writeIdentity(identityPath(space), store);
    },
    spaces: () =>
      filesOf(folder, ENDING, "dataDir").flatMap((file) => /^([A-Za-z0-9].*)\.json$/.exec(file)?.[1] ?? []),
    forget(space) {
      removeFile(identityPath(space), "dataDir");
      removeFile(revisionPath(space), "dataDir");
    },
  };
}

function readIdentity(path: string): RememberedStore | undefined {
  const text = readIfThere(path, "dataDir");
  if (text === undefined) return undefined;
  const known = parse(RememberedStoreSchema, text);
  if (known !== undefined) return known;
  refuseNewer(path, RECORD_VERSION, "dataDir");
  throw new IpamError(
    "io",
    `'${path}' is damaged, so this node cannot tell which store it has used`,
    "make sure that the configured store is the right one, then remove that file",
  );
}

function writeIdentity(path: string, store: RememberedStore): void {
  const { revision, epoch } = store;
  const text = JSON.stringify({ version: RECORD_VERSION, ...identityOf(store), revision, epoch });
  replaceFile(path, text, "dataDir", { durable: true });
}

/** What seldom changes. */
function identityOf({ uuid, prefix, recovery, formerRecoveries, lineage }: RememberedStore) {
  return {
    uuid,
    prefix,
    ...(recovery !== undefined && { recovery }),
    ...(formerRecoveries !== undefined && { formerRecoveries }),
    ...(lineage !== undefined && { lineage }),
  };
}

const ENDING = ".json";
const DIGITS = 16;
/** An older program wrote no epoch. */
const LINE = /^(\S+) (\d{16})(?: (\d{16}))?\n$/;

interface Seen {
  readonly revision: number;
  readonly epoch: number;
}

const NOTHING_SEEN: Seen = { revision: 0, epoch: 0 };

function highest(path: string, uuid: string): Seen {
  return quietly(() => lockBriefly(path, (fd) => readSeen(fd, uuid))) ?? NOTHING_SEEN;
}

function raise(path: string, { uuid, revision, epoch = 0 }: RememberedStore): void {
  quietly(() =>
    lockBriefly(path, (fd) => {
      const seen = readSeen(fd, uuid);
      if (seen.revision >= revision && seen.epoch >= epoch) return;
      const numbers = [Math.max(seen.revision, revision), Math.max(seen.epoch, epoch)];
      const line = `${[uuid, ...numbers.map((number) => String(number).padStart(DIGITS, "0"))].join(" ")}\n`;
      fs.writeSync(fd, line, 0);
      fs.ftruncateSync(fd, line.length);
    }),
  );
}

/** Nothing where the file speaks of another store. */
function readSeen(fd: number, uuid: string): Seen {
  const [, writer, revision, epoch = "0"] = LINE.exec(fs.readFileSync(fd, "utf8")) ?? [];
  return writer === uuid ? { revision: Number(revision), epoch: Number(epoch) } : NOTHING_SEEN;
}
