import { IpamError } from "../ipam/errors.ts";
import type { KeptRelease, KeptReleases } from "../ipam/node-port.ts";
import { type AttachmentFiles, openAttachmentFiles } from "./attachment-files.ts";
import { KeptReleaseSchema } from "./schemas.ts";

/** So many DELs may wait for the store; a node runs a few hundred pods. */
export const MOST_KEPT = 10_000;

/**
 * DELs that could not reach the store, on disk when `keep` returns. One attachment has one: a later
 * DEL replaces it, unless it knows less (a repeated DEL no longer finds the journal's request ID).
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

/** Where they lie in a node's folder. */
export function keptIn(dataDir: string): string {
  return `${dataDir}/kept`;
}

/** How many DELs wait on disk, whatever their files hold. @throws IpamError io */
export function countKept(dataDir: string): number {
  return filesIn(keptIn(dataDir)).count();
}

/** The files of kept DELs that nobody replays, because they cannot be read. @throws IpamError io */
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
    `${most} releases wait in '${folder}' already; no more are kept`,
    "bring the store back: they are replayed then, by the next ADD or by the agent",
  );
}
