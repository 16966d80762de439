import { rmSync } from "node:fs";
import { run } from "./run.ts";

/** How an operator restores a snapshot. */
export interface Restoring {
  /** `--bump-revision` by so much, with `--mark-compacted`, as etcd's own guide recommends; not with 3.4. */
  readonly bump?: number;
  /** Only the first member, as a cluster of its own with another token; the others go on as they are. */
  readonly alone?: boolean;
  /** Done while etcd is down. */
  readonly meanwhile?: () => Promise<unknown>;
}

/** Moves the revision on beyond all that any test writes. */
export const BUMPED: Restoring = { bump: 1_000_000_000 };

/**
 * Puts a snapshot in the place of one member's data.
 *
 * @param urls peer URL of each member of the new cluster, by name.
 */
export async function restoreMember(
  name: string,
  dataDir: string,
  urls: ReadonlyMap<string, string>,
  snapshot: string,
  { bump, alone }: Restoring,
  etcdutl: string,
): Promise<void> {
  rmSync(dataDir, { recursive: true, force: true });
  await succeeds([
    etcdutl,
    "snapshot",
    "restore",
    snapshot,
    `--name=${name}`,
    `--data-dir=${dataDir}`,
    `--initial-advertise-peer-urls=${urls.get(name)}`,
    `--initial-cluster=${[...urls].map(([of, url]) => `${of}=${url}`).join(",")}`,
    ...(alone ? ["--initial-cluster-token=another"] : []),
    ...(bump === undefined ? [] : [`--bump-revision=${bump}`, "--mark-compacted"]),
  ]);
}

/** Runs one of etcd's programs and answers its output; rejects with what it said when it fails. */
export async function succeeds(command: readonly string[]): Promise<string> {
  const finished = await run(command, { env: { ETCDCTL_API: "3" } });
  if (finished.exitCode !== 0) throw new Error(`${command.join(" ")}: ${finished.stderr}`);
  return finished.stdout;
}
