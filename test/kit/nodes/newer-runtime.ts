import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../etcd-binaries.ts";

const MODULES = join(import.meta.dir, "../../nodes/containerd/go.mod");

export interface NewerRuntime {
  readonly runtime: { readonly folder: string };
  /** Folder of main plugins that know CNI 1.1.0, as Debian's do not. */
  readonly plugins: string;
}

/** What test/nodes/build.sh has made: containerd 2.x; undefined where it has not. */
export function newerRuntime(): NewerRuntime | undefined {
  const modules = readFileSync(MODULES, "utf8");
  const version = (module: string) => new RegExp(`\\t${module} v(\\S+)`).exec(modules)?.[1];
  const containerd = version("github.com/containerd/containerd/v2");
  const plugins = version("github.com/containernetworking/plugins");
  const folder = join(cacheFolder(), `containerd-${containerd}-plugins-${plugins}`);
  if (!existsSync(join(folder, "containerd"))) return undefined;
  return { runtime: { folder }, plugins: join(folder, "cni") };
}
