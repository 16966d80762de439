import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ociArchive } from "../../../scripts/image/oci.ts";
import { busyboxImage } from "../containerd.ts";
import type { Folder } from "../folder.ts";
import { tool } from "../run.ts";

/** The image that holds a pod's namespaces. */
export const PAUSE = "localhost/pause:1";

export interface NodeImages {
  /** A static program that waits and reaps: process 1 of machines and pods. */
  readonly init: string;
  /** Archives for `ctr images import`. */
  readonly archives: readonly string[];
}

/** Makes what every node needs to run pods; nothing is downloaded. */
export async function makeNodeImages(folder: Folder): Promise<NodeImages> {
  const init = folder.file("init");
  await tool("cc", "-std=gnu11", "-Os", "-static", "-s", join(import.meta.dir, "init.c"), "-o", init);
  const pause = ociArchive(PAUSE, {
    files: [{ path: "pause", bytes: readFileSync(init), mode: 0o755 }],
    command: ["/pause"],
  });
  const archives = [folder.file("pause.tar"), folder.file("busybox.tar")] as const;
  writeFileSync(archives[0], pause);
  writeFileSync(archives[1], busyboxImage());
  return { init, archives };
}
