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
 * A folder with one small JSON file per attachment. Files of a newer program are neither shown nor
 * touched; damaged ones are not shown, and replaced or removed like others.
 */
export interface AttachmentFiles<T> {
  read(id: AttachmentId): T | undefined;
  /** @throws IpamError io; what was there before is still there then. */
  write(id: AttachmentId, record: T): void;
  /**
   * Writes the attachment's first file; where a killed writer fails, a damaged one is left.
   *
   * @returns false where there is one, which stays as it is. @throws IpamError io; then there is none.
   */
  create(id: AttachmentId, record: T): boolean;
  /** Removes the file, with `when` only if that holds for what it says. @throws IpamError io */
  remove(id: AttachmentId, when?: (record: T | undefined) => boolean): void;
  /** What the files say that `choose` takes of all names; unreadable ones are left out. */
  list(choose?: (names: string[]) => string[]): T[];
  /** How many files there are, whatever they hold. */
  count(): number;
  /** The paths of files that `list` leaves out: damaged, or of a newer program. */
  unreadable(): string[];
}

export interface AttachmentFilesOptions<T> {
  readonly schema: v.GenericSchema<unknown, T>;
  readonly idOf: (record: T) => AttachmentId;
  /** The configuration key below which the folder lies. */
  readonly key: FolderKey;
  /**
   * Whether a file has reached the disk when `write` returns. Where that does not matter, a writer
   * that is killed may leave a damaged one of an attachment that had none.
   */
  readonly durable: boolean;
  /** Where files come from and go to, where many come and go. */
  readonly spares?: SpareFiles;
}

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
      // A file that is used again may say another one's by the time it is read.
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
        // What went away between the two looks was readable.
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
