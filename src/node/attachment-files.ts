import { existsSync } from "node:fs";
import type * as v from "valibot";
import { type AttachmentId, RECORD_VERSION } from "../ipam/records.ts";
import { fileName } from "./file-name.ts";
import {
  createFile,
  type FolderKey,
  filesOf,
  readIfThere,
  removeFile,
  replaceFile,
  type SpareFiles,
} from "./files.ts";
import { isNewer, parse, refuseNewer } from "./json-files.ts";

/**
 * A folder with one small JSON file per attachment. Hides files of a newer program and leaves them alone;
 * hides damaged files too, but replaces or removes them like others.
 */
export interface AttachmentFiles<T> {
  /** The attachment's record; undefined where there is none, or it is hidden. @throws IpamError io */
  read(id: AttachmentId): T | undefined;
  /** Writes the attachment's file. @throws IpamError io; the old file stays then. */
  write(id: AttachmentId, record: T): void;
  /**
   * Writes the attachment's first file. A writer that is killed may leave a damaged one.
   *
   * @returns false where a file exists, which stays as it is. @throws IpamError io; then there is none.
   */
  create(id: AttachmentId, record: T): boolean;
  /** Removes the file; with `when` only if that is true of its record. @throws IpamError io; the file stays then. */
  remove(id: AttachmentId, when?: (record: T | undefined) => boolean): void;
  /** The records of the files that `choose` picks by name. Leaves out files that cannot be read. */
  list(choose?: (names: string[]) => string[]): T[];
  /** How many files there are, whatever they hold. */
  count(): number;
  /** The paths of the files that `list` leaves out: damaged, or of a newer program. */
  unreadable(): string[];
}

/** How a folder's files look, and where they lie. */
export interface AttachmentFilesOptions<T> {
  readonly schema: v.GenericSchema<unknown, T>;
  readonly idOf: (record: T) => AttachmentId;
  /** The configuration key that names the folder above. */
  readonly key: FolderKey;
  /**
   * Whether a file has reached the disk when `write` returns. Without this, a writer that is killed may
   * leave a damaged first file.
   */
  readonly durable: boolean;
  /** Files to use again, for a process that makes and removes many. */
  readonly spares?: SpareFiles;
}

/** Opens such a folder; makes it at the first write. */
export function openAttachmentFiles<T>(
  folder: string,
  options: AttachmentFilesOptions<T>,
): AttachmentFiles<T> {
  const { schema, idOf, key, durable, spares } = options;
  const pathOf = (id: AttachmentId) => `${folder}/${nameOf(id)}`;
  const names = () => filesOf(folder, ENDING, key);
  const recordIn = (name: string) => {
    const record = parse(schema, readQuietly(`${folder}/${name}`, key));
    return record !== undefined && nameOf(idOf(record)) === name ? record : undefined;
  };
  const create = (id: AttachmentId, record: T): boolean => {
    const [path, text] = [pathOf(id), JSON.stringify(record)];
    if (spares === undefined || spares.count === 0) return createFile(path, text, key);
    if (readIfThere(path, key) !== undefined) return false;
    replaceFile(path, text, key, { durable, spares });
    return true;
  };
  return {
    read: (id) => {
      const record = parse(schema, readIfThere(pathOf(id), key));
      // A file that is used again may hold another attachment's record by now.
      return record !== undefined && nameOf(idOf(record)) === nameOf(id) ? record : undefined;
    },
    write(id, record) {
      if (!durable && create(id, record)) return;
      refuseNewer(pathOf(id), RECORD_VERSION, key);
      replaceFile(pathOf(id), JSON.stringify(record), key, { durable });
    },
    create,
    remove(id, when) {
      const text = readIfThere(pathOf(id), key);
      if (text === undefined || isNewer(text, RECORD_VERSION)) return;
      if (when === undefined || when(parse(schema, text))) removeFile(pathOf(id), key, spares);
    },
    list: (choose = (all) => all) =>
      choose(names()).flatMap((name) => {
        const record = recordIn(name);
        return record === undefined ? [] : [record];
      }),
    count: () => names().length,
    unreadable: () =>
      names()
        .filter((name) => recordIn(name) === undefined)
        .map((name) => `${folder}/${name}`)
        // A file that is gone by now was readable.
        .filter(existsSync),
  };
}

const ENDING = ".json";

function nameOf({ network, container, ifname }: AttachmentId): string {
  return fileName(network, container, ifname) + ENDING;
}

function readQuietly(path: string, key: FolderKey): string | undefined {
  try {
    return readIfThere(path, key);
  } catch {
    return undefined;
  }
}
