import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { VERSION } from "../../src/command-line/release.ts";
import type { ImageContent } from "./oci.ts";
import type { TarEntry } from "./tar.ts";

export type Architecture = "amd64" | "arm64";

/** Where glibc's loader must lie (the executable names it), and the name of its libraries' folder. */
const GLIBC = {
  amd64: { loader: "lib64/ld-linux-x86-64.so.2", triplet: "x86_64-linux-gnu" },
  arm64: { loader: "lib/ld-linux-aarch64.so.1", triplet: "aarch64-linux-gnu" },
} as const;

/** What the executable is linked against; test/process/floor.test.ts sees that it is no more. */
const LIBRARIES = ["libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0"];

/**
 * The image of one processor: executable, shim, the C library, and nothing else; no shell, no
 * package manager, no CA certificates (etcd and the API server have their own).
 *
 * @param folder holds `kube-ipam` and `kube-ipam-shim`.
 * @throws Error naming what is not there and what makes it.
 */
export function imageContent(architecture: Architecture, folder: string): ImageContent {
  const { loader, triplet } = GLIBC[architecture];
  const libraries = LIBRARIES.map((name) => file(`lib/${triplet}/${name}`, library(name, triplet)));
  return {
    architecture,
    files: [
      ...["lib", `lib/${triplet}`, loader.slice(0, loader.lastIndexOf("/"))].map(folderAt),
      ...["etc", "run", "usr", "usr/local", "usr/local/bin", "var"].map(folderAt),
      // The runtime names network namespaces by /var/run/netns, as the host calls /run/netns.
      { path: "var/run", target: "/run" },
      // Without it, the C library asks DNS for what /etc/hosts knows.
      { path: "etc/nsswitch.conf", bytes: new TextEncoder().encode("hosts: files dns\n") },
      file(loader, library(loader.slice(loader.lastIndexOf("/") + 1), triplet)),
      ...libraries,
      file("usr/local/bin/kube-ipam", join(folder, "kube-ipam")),
      file("usr/local/bin/kube-ipam-shim", join(folder, "kube-ipam-shim")),
    ],
    path: "/usr/local/bin",
    entrypoint: ["/usr/local/bin/kube-ipam"],
    labels: {
      "org.opencontainers.image.title": "kube-ipam",
      "org.opencontainers.image.description": "CNI IPAM plugin: agent, controller, plugin and shim",
      "org.opencontainers.image.version": VERSION,
      "org.opencontainers.image.licenses": "Apache-2.0 AND LGPL-2.1-or-later",
    },
  };
}

function folderAt(path: string): TarEntry {
  return { path, folder: true };
}

function file(path: string, source: string): TarEntry {
  if (!existsSync(source)) throw new Error(`expected ${source}: run 'make build shim' first`);
  return { path, bytes: readFileSync(source), mode: 0o755 };
}

/** This machine's own, else those of Debian's cross compiler for the other processor. */
function library(name: string, triplet: string): string {
  const places = [`/lib/${triplet}`, `/usr/${triplet}/lib`].map((folder) => join(folder, name));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`expected ${places.join(" or ")}: run 'scripts/setup.sh release'`);
  return found;
}
