import { copyFileSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Folder, temporaryFolder } from "./folder.ts";
import { run } from "./run.ts";
import type { Place, StoredAllocation, Subject } from "./subject.ts";

/** kube-ipam as the runtime starts it for each pod, with no agent, on its embedded store. */
export function kubeIpam(): Subject {
  return { name: "kube-ipam", type: "kube-ipam", ours: true, open };
}

let copied: string | undefined;

/**
 * The built executable, copied once per test process to a folder outside the checkout: there it
 * finds neither node_modules nor the sources, as on a node.
 */
export function kubeIpamExecutable(): string {
  copied ??= copyOfBuild();
  return copied;
}

function copyOfBuild(): string {
  const given = process.env.KUBE_IPAM_EXECUTABLE;
  if (given !== undefined) return given;
  const built = join(import.meta.dir, "../../dist/kube-ipam");
  if (!existsSync(built)) throw new Error(`expected the executable at ${built}: run 'make build' first`);
  const folder = temporaryFolder("executable");
  process.on("exit", () => rmSync(folder.path, { recursive: true, force: true }));
  copyFileSync(built, folder.file("kube-ipam"));
  return folder.file("kube-ipam");
}

async function open(): Promise<Place> {
  const folder = temporaryFolder("world");
  const executable = kubeIpamExecutable();
  const env = { KUBE_IPAM_CONFIG: folder.file("node.json") };
  return {
    executable,
    folder,
    ipam: embeddedSettings(folder),
    env,
    allocations: () => listAllocations(executable, folder.file("data"), env),
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
}

function embeddedSettings(folder: Folder): Record<string, unknown> {
  return {
    dataDir: folder.file("data"),
    runDir: folder.file("run"),
    logFile: folder.file("kube-ipam.log"),
    nodeName: "node1",
  };
}

/** What `kube-ipam ip list --output json` prints, one entry per holder. */
async function listAllocations(
  executable: string,
  dataDir: string,
  env: Readonly<Record<string, string>>,
): Promise<StoredAllocation[]> {
  if (!existsSync(dataDir)) return [];
  const command = [executable, "ip", "list", "--output", "json", "--data-dir", dataDir];
  const listed = await run(command, { env });
  if (listed.exitCode !== 0) throw new Error(`${command.join(" ")} failed: ${listed.stderr}${listed.stdout}`);
  return parseList(listed.stdout);
}

function parseList(text: string): StoredAllocation[] {
  return JSON.parse(text) as StoredAllocation[];
}
