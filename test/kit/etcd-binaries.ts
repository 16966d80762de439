import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

/** The floor that we support (Debian's package), and a current release built from its Go module. */
export type EtcdVersion = "3.4" | "3.6";

/** The folder holds the programs etcd and etcdctl, the one of 3.6 etcdutl too. */
export interface EtcdBinaries {
  readonly version: EtcdVersion;
  readonly etcd: string;
  readonly etcdctl: string;
  /** Restores snapshots; with 3.4 etcdctl does. */
  readonly etcdutl: string;
}

const GO_RELEASE = "v3.6.16";
const NEEDS = { "3.4": "apt-get", "3.6": "go" } as const;
const BUILD_LIMIT = 15 * 60_000;

/** The releases that can be had here: 3.4 wherever there is apt, 3.6 where there is Go. */
export const ETCD_VERSIONS: readonly EtcdVersion[] = (["3.4", "3.6"] as const).filter(
  (version) => existsSync(join(folderOf(version), "etcdctl")) || Bun.which(NEEDS[version]) !== null,
);

/**
 * Programs of one etcd release from the cache outside the checkout, made there the first time
 * (3.4: seconds, 3.6: about a minute). Rejects with what failed.
 */
export async function etcdBinaries(version: EtcdVersion): Promise<EtcdBinaries> {
  const folder = folderOf(version);
  if (!existsSync(join(folder, "etcdctl"))) {
    console.error(`Making etcd ${version} in ${folder}, once`);
    const failure = await make(version, folder);
    if (failure !== undefined) throw new Error(`etcd ${version} cannot be made here: ${failure}`);
  }
  const restorer = version === "3.4" ? "etcdctl" : "etcdutl";
  return {
    version,
    etcd: join(folder, "etcd"),
    etcdctl: join(folder, "etcdctl"),
    etcdutl: join(folder, restorer),
  };
}

/** Where things are kept that take long to make: survives runs, lies outside the checkout. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "kube-ipam");
}

function folderOf(version: EtcdVersion): string {
  return join(cacheFolder(), version === "3.4" ? "etcd-debian" : `etcd-${GO_RELEASE.slice(1)}`);
}

async function make(version: EtcdVersion, folder: string): Promise<string | undefined> {
  const work = mkdtempSync(join(tmpdir(), "kube-ipam-etcd-build-"));
  try {
    const failure = version === "3.4" ? await unpackDebian(work) : await buildFromModule(work);
    if (failure === undefined) putInPlace(join(work, "bin"), folder);
    return failure;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** By rename, so that two test runs at once never see half a folder. */
function putInPlace(made: string, folder: string): void {
  mkdirSync(cacheFolder(), { recursive: true });
  const staged = `${folder}.${process.pid}`;
  Bun.spawnSync(["cp", "-r", made, staged]);
  rmSync(folder, { recursive: true, force: true });
  renameSync(staged, folder);
}

/** Unpacks the packages instead of installing them: an installed one would start a service. */
async function unpackDebian(work: string): Promise<string | undefined> {
  const download = ["apt-get", "download", "-q", "etcd-server", "etcd-client"];
  const first = await sh(download, work);
  if (first !== undefined) {
    await sh(["apt-get", "update", "-q"], work);
    const second = await sh(download, work);
    if (second !== undefined) return second;
  }
  const unpacked = await sh(["sh", "-c", 'for deb in *.deb; do dpkg-deb -x "$deb" tree; done'], work);
  if (unpacked !== undefined) return unpacked;
  renameSync(join(work, "tree/usr/bin"), join(work, "bin"));
  return undefined;
}

async function buildFromModule(work: string): Promise<string | undefined> {
  const modules = ["server", "etcdctl", "etcdutl"].map((name) => `go.etcd.io/etcd/${name}/v3`);
  writeFileSync(join(work, "go.mod"), "module etcd-for-tests\n\ngo 1.24.0\n");
  const imports = modules.map((module) => `import _ "${module}"\n`).join("");
  writeFileSync(join(work, "tools.go"), `//go:build tools\n\npackage tools\n\n${imports}`);
  const got = await sh(["go", "get", ...modules.map((module) => `${module}@${GO_RELEASE}`)], work);
  if (got !== undefined) return got;
  const build = ["nice", "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", "bin/"];
  const built = await sh([...build, ...modules], work);
  if (built !== undefined) return built;
  if (!existsSync(join(work, "bin/etcd"))) renameSync(join(work, "bin/server"), join(work, "bin/etcd"));
  return undefined;
}

/** Runs a command; answers what it said when it failed. */
async function sh(command: readonly string[], cwd: string): Promise<string | undefined> {
  const child = Bun.spawn([...command], {
    cwd,
    env: { ...process.env, CGO_ENABLED: "0" },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    timeout: BUILD_LIMIT,
  });
  const [stderr, code] = await Promise.all([child.stderr.text(), child.exited]);
  return code === 0 ? undefined : `"${command.join(" ")}" failed: ${stderr.trim().slice(-400)}`;
}
