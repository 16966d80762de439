import {
  chmodSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { IpamError } from "../../ipam/errors.ts";
import { printErr } from "../print.ts";

export interface InstallOptions {
  readonly binDir: string;
  readonly shim?: string;
  /** False: no complete plugin, so that no credential need be on the host. */
  readonly fallback: boolean;
}

const PLUGIN = "kube-ipam";
const FULL = "kube-ipam.full";
const FALLBACK = "kube-ipam.fallback";

/**
 * Every file comes by rename, never by writing into the old one: the runtime may be executing it.
 * The order keeps the runtime's file usable at every moment.
 *
 * @throws IpamError io; what was there before still works then.
 */
export function install({ binDir, shim, fallback }: InstallOptions): number {
  const own = process.execPath;
  const source = shim ?? join(dirname(own), "kube-ipam-shim");
  return onDisk(binDir, () => {
    mkdirSync(binDir, { recursive: true });
    if (fallback) place(binDir, FULL, (temporary) => copyFileSync(own, temporary), 0o755);
    place(binDir, PLUGIN, (temporary) => copyFileSync(source, temporary), 0o755);
    if (fallback) {
      rmSync(join(binDir, FALLBACK), { force: true });
    } else {
      place(binDir, FALLBACK, (temporary) => writeFileSync(temporary, "none\n"), 0o644);
      rmSync(join(binDir, FULL), { force: true });
    }
    printErr(
      `installed the shim as ${join(binDir, PLUGIN)}, ${fallback ? `the complete plugin as ${FULL}` : "no fallback"}`,
    );
  });
}

/**
 * Undoes install: the complete plugin takes the shim's place, and works without an agent.
 *
 * @throws IpamError io
 */
export function uninstall({ binDir }: InstallOptions): number {
  return onDisk(binDir, () => {
    try {
      renameSync(join(binDir, FULL), join(binDir, PLUGIN));
      printErr(`${join(binDir, PLUGIN)} is the complete plugin again`);
    } catch (failure) {
      if ((failure as NodeJS.ErrnoException).code !== "ENOENT") throw failure;
      // Without a complete plugin beside it, only a shim that stands alone is ours to remove.
      if (removedFallback(binDir)) rmSync(join(binDir, PLUGIN), { force: true });
      printErr(`there is no ${FULL} in ${binDir}`);
    }
    rmSync(join(binDir, FALLBACK), { force: true });
  });
}

function removedFallback(binDir: string): boolean {
  try {
    rmSync(join(binDir, FALLBACK));
    return true;
  } catch {
    return false;
  }
}

function place(folder: string, name: string, write: (temporary: string) => void, mode: number): void {
  const temporary = join(folder, `.${name}.${crypto.randomUUID()}`);
  try {
    write(temporary);
    chmodSync(temporary, mode);
    sync(temporary);
    renameSync(temporary, join(folder, name));
  } catch (failure) {
    rmSync(temporary, { force: true });
    throw failure;
  }
}

/** After a power cut the runtime must not find an empty plugin. */
function sync(path: string): void {
  const file = openSync(path, "r");
  fsyncSync(file);
  closeSync(file);
}

function onDisk(binDir: string, work: () => void): number {
  try {
    work();
    return 0;
  } catch (failure) {
    const reason = failure instanceof Error ? failure.message : String(failure);
    throw new IpamError(
      "io",
      `cannot install into '${binDir}': ${reason}`,
      "run it as root, with the shim beside this program",
    );
  }
}
