import { existsSync } from "node:fs";
import { join } from "node:path";
import { formatAddress } from "../../src/address/address.ts";
import type { Store } from "../../src/ipam/store-port.ts";
import { openEmbeddedStore } from "../../src/store/embedded/open.ts";
import { type Folder, temporaryFolder } from "./folder.ts";
import type { Place, StoredAllocation, Subject } from "./subject.ts";

/** kube-ipam as the runtime starts it for each pod, with no agent, on its embedded store. */
export function kubeIpam(): Subject {
  return { name: "kube-ipam", type: "kube-ipam", ours: true, open };
}

async function open(): Promise<Place> {
  const plugin = deployPlugin();
  const dataDir = plugin.folder.file("data");
  return {
    ...plugin,
    allocations: async () =>
      existsSync(dataDir) ? listAllocations(() => openEmbeddedStore({ kind: "embedded", dataDir })) : [],
  };
}

/** The plugin with folders of its own; which store it uses is left to the subject. */
export function deployPlugin(): Omit<Place, "allocations"> {
  const folder = temporaryFolder("world");
  return {
    executable: kubeIpamExecutable(),
    folder,
    ipam: ownFolders(folder),
    env: { KUBE_IPAM_CONFIG: folder.file("node.json") },
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
}

/** What the store itself says is held, whatever the command line under test makes of it. */
export async function listAllocations(open: () => Promise<Store>): Promise<StoredAllocation[]> {
  const store = await open();
  try {
    const held: StoredAllocation[] = [];
    const options = { deadline: performance.now() + 20_000 };
    for await (const { ref, record } of store.list({ kind: "allocation" }, options)) {
      for (const { attachment } of record.holders) {
        held.push({ ...attachment, address: formatAddress(ref.address) });
      }
    }
    return held;
  } finally {
    await store.close();
  }
}

/**
 * $KUBE_IPAM_EXECUTABLE: scripts/test.sh puts a copy there, in a folder outside the checkout where
 * it finds neither node_modules nor the sources, as on a node. Else the build itself.
 */
export function kubeIpamExecutable(): string {
  const path = process.env.KUBE_IPAM_EXECUTABLE ?? join(import.meta.dir, "../../dist/kube-ipam");
  if (!existsSync(path)) throw new Error(`expected the executable at ${path}: run 'make build' first`);
  return path;
}

function ownFolders(folder: Folder): Record<string, unknown> {
  return {
    dataDir: folder.file("data"),
    runDir: folder.file("run"),
    logFile: folder.file("kube-ipam.log"),
    nodeName: "node1",
  };
}
