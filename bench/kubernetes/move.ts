import { writeFileSync } from "node:fs";
import { startEtcd } from "../../test/kit/etcd.ts";
import { etcdSettings } from "../../test/kit/etcd-settings.ts";
import { fillEtcd } from "../../test/kit/filled-etcd.ts";
import type { Folder } from "../../test/kit/folder.ts";
import { kubeIpamExecutable } from "../../test/kit/subject-kube-ipam.ts";
import { processorMs } from "../processor.ts";
import { markdown } from "../statistics.ts";
import { storeServer } from "./server.ts";

/** What `kube-ipam store move -o json` prints. */
interface Moved {
  readonly records: Readonly<Record<string, number>>;
  readonly written: number;
  readonly writtenWhileStopped: number;
  readonly seconds: number;
  readonly stoppedSeconds: number;
}

/** How long `kube-ipam store move` takes from etcd to Kubernetes and back, and for how long nobody gives out addresses. */
export async function timesOfMoves(short: boolean): Promise<string> {
  const allocations = short ? 100 : 10_000;
  await using kubernetes = await storeServer();
  await using etcd = await startEtcd({ version: "3.6", tls: true, durable: true });
  const settings = etcdSettings(etcd);
  await fillEtcd(settings, { nodes: 100, allocations, reservations: allocations / 10 });
  const own = { dataDir: etcd.folder.file("data"), runDir: etcd.folder.file("run"), nodeName: "bench" };
  const { certFile: etcdCertFile, keyFile: etcdKeyFile, trustedCaFile: etcdTrustedCAFile } = settings;
  const etcdConfig = {
    etcdURL: settings.endpoints.join(","),
    etcdCertFile,
    etcdKeyFile,
    etcdTrustedCAFile,
  };
  const files = {
    etcd: fileOf(etcd.folder, "etcd", { ...own, etcdConfig }),
    kubernetes: fileOf(etcd.folder, "kubernetes", {
      ...own,
      store: "kubernetes",
      kubeConfig: kubernetes.adminConfig,
    }),
  };
  const [apiEtcd] = kubernetes.pids();
  const [member] = etcd.members;
  if (apiEtcd === undefined || member === undefined) throw new Error("expected both etcds");
  const servers = [kubernetes.apiServer.pid(), apiEtcd, member.pid()];
  const rows = [
    await move("etcd to Kubernetes", files.etcd, files.kubernetes, servers),
    await move("and back", files.kubernetes, files.etcd, servers),
  ];
  const head = [
    `${allocations} addresses`,
    "records",
    "written",
    "s in all",
    "written a second",
    "written while stopped",
    "s stopped",
    "the command, CPU s",
    "API server",
    "its etcd",
    "the other etcd",
  ];
  const note = "`kube-ipam store move`, with nobody else writing; stopped: no store gives out addresses:";
  return `${note}\n\n${markdown([head, ...rows])}`;
}

function fileOf(folder: Folder, name: string, text: object): string {
  const path = folder.file(`${name}.json`);
  writeFileSync(path, JSON.stringify(text));
  return path;
}

async function move(title: string, from: string, to: string, servers: readonly number[]): Promise<string[]> {
  const cpu = () => servers.map(processorMs);
  const before = cpu();
  const child = Bun.spawn(
    [kubeIpamExecutable(), "store", "move", "--config", from, "--to", to, "-o", "json"],
    { stdout: "pipe", stderr: "pipe" },
  );
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (child.exitCode !== 0) throw new Error(`store move: ${stderr}`);
  const { records, seconds, stoppedSeconds, written, writtenWhileStopped } = JSON.parse(stdout) as Moved;
  const all = Object.values(records).reduce((sum, each) => sum + each, 0);
  const own = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1e6;
  const others = cpu().map((now, index) => ((now - (before[index] ?? 0)) / 1000).toFixed(1));
  return [
    title,
    String(all),
    String(written),
    seconds.toFixed(1),
    written === 0 ? "" : String(Math.round(written / (seconds - stoppedSeconds))),
    String(writtenWhileStopped),
    stoppedSeconds.toFixed(1),
    own.toFixed(1),
    ...others,
  ];
}
