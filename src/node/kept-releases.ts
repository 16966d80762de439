import { IpamError } from "../ipam/errors.ts";
import type { KeptRelease, KeptReleases } from "../ipam/node-port.ts";
import { type AttachmentFiles, openAttachmentFiles } from "./attachment-files.ts";
import { KeptReleaseSchema } from "./schemas.ts";

/** The most DELs that may wait for the store; a node runs a few hundred pods. */
export const MOST_KEPT = 10_000;

/**
 * Keeps the DELs that could not reach the store; they are on the disk when `keep` returns. An attachment
 * has one: a later DEL replaces it, unless it knows less (a repeated DEL no longer finds the journal's
 * request ID).
 */
export function openKeptReleases(folder: string, most = MOST_KEPT): KeptReleases {
  const files = filesIn(folder);
  return {
    keep(release) {
      const before = files.read(release.attachment);
      if (before?.requestId !== undefined && release.requestId === undefined) return;
      if (before === undefined && files.count() >= most) throw full(folder, most);
      files.write(release.attachment, release);
    },
    of: files.read,
    list: files.list,
    drop: (id) => files.remove(id),
  };
}

/** The folder of kept DELs in a node's dataDir. */
export function keptIn(dataDir: string): string {
  return `${dataDir}/kept`;
}

/** How many DELs wait on disk, whatever their files hold. @throws IpamError io */
export function countKept(dataDir: string): number {
  return filesIn(keptIn(dataDir)).count();
}

/** The files of kept DELs that cannot be read, and so are not replayed. @throws IpamError io */
export function unreadableKept(dataDir: string): string[] {
  return filesIn(keptIn(dataDir)).unreadable();
}

function filesIn(folder: string): AttachmentFiles<KeptRelease> {
  return openAttachmentFiles(folder, {
    schema: KeptReleaseSchema,
    idOf: (release) => release.attachment,
    key: "dataDir",
    durable: true,
  });
}

function full(folder: string, most: number): IpamError {
  return new IpamError(
    "io",
    `${most} kept DELs wait in '${folder}' already; no more are kept`,
    "bring the store back: the next plugin run or the agent then replays them",
  );
}
