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
 * rewritten only when that changes. The other holds the highest revision seen, which changes with every
 * ADD; it has a fixed length, is written in place, and may be lost, which only makes the memory older.
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
      return { ...identityOf(known), revision: Math.max(known.revision, seen) };
    },
    remember(space, store) {
      const known = identity(space);
      if (known === undefined || !Bun.deepEquals(identityOf(known), identityOf(store)))
        writeIdentity(identityPath(space), store);
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
  const { revision } = store;
  const text = JSON.stringify({ version: RECORD_VERSION, ...identityOf(store), revision });
  replaceFile(path, text, "dataDir", { durable: true });
}

/** What seldom changes. */
function identityOf({ uuid, prefix, recovery }: RememberedStore): Omit<RememberedStore, "revision"> {
  return { uuid, prefix, ...(recovery !== undefined && { recovery }) };
}

const ENDING = ".json";
const DIGITS = 16;
const LINE = /^(\S+) (\d{16})\n$/;

function highest(path: string, uuid: string): number {
  return quietly(() => lockBriefly(path, (fd) => readRevision(fd, uuid))) ?? 0;
}

function raise(path: string, { uuid, revision }: RememberedStore): void {
  quietly(() =>
    lockBriefly(path, (fd) => {
      if (readRevision(fd, uuid) >= revision) return;
      const line = `${uuid} ${String(revision).padStart(DIGITS, "0")}\n`;
      fs.writeSync(fd, line, 0);
      fs.ftruncateSync(fd, line.length);
    }),
  );
}

/** 0 where the file says nothing about this store. */
function readRevision(fd: number, uuid: string): number {
  const [, writer, digits] = LINE.exec(fs.readFileSync(fd, "utf8")) ?? [];
  return writer === uuid ? Number(digits) : 0;
}
