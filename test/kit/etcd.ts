import { mkdirSync, openSync } from "node:fs";
import {
  type Authority,
  type CertificateFiles,
  type CertificateWish,
  makeAuthority,
} from "./certificates.ts";
import { type EtcdBinaries, type EtcdVersion, etcdBinaries } from "./etcd-binaries.ts";
import { type Restoring, restoreMember, succeeds } from "./etcd-restore.ts";
import { type Folder, temporaryFolder } from "./folder.ts";
import { loopbackPorts } from "./loopback-ports.ts";
import { type Finished, run } from "./run.ts";
import { sendSignal } from "./signal.ts";

export interface EtcdWish {
  readonly version: EtcdVersion;
  /** Default 1. */
  readonly members?: number;
  /** Mutual TLS with certificates made on the spot; default none. */
  readonly tls?: boolean;
  /** With fsync, as in production: for benchmarks and power cuts. Default false. */
  readonly durable?: boolean;
  /** Address to listen on for clients; default 127.0.0.1. */
  readonly host?: string;
  /** Further flags of every member. */
  readonly flags?: readonly string[];
  /** What the servers' certificate is like; default one for loopback and localhost. */
  readonly server?: Partial<CertificateWish>;
  /** An intermediate authority issues the certificates; the servers trust the root. */
  readonly intermediate?: boolean;
}

/** One real etcd process on loopback. */
export interface EtcdMember {
  readonly name: string;
  /** For clients: "http://127.0.0.1:port" or "https://…". */
  readonly endpoint: string;
  readonly port: number;
  pid(): number;
  /** What it tells of itself now, in Prometheus' format. */
  metrics(): Promise<string>;
  /** SIGKILL, as a crash; the data stays. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: the kernel still accepts connections, nobody answers. */
  freeze(): void;
  thaw(): void;
  /** Starts it again on its data; resolves when the process runs, not when there is a leader. */
  start(): void;
}

/** A cluster of real etcd processes; ends and cleans up when its scope ends. */
export interface EtcdCluster extends AsyncDisposable {
  readonly version: EtcdVersion;
  readonly folder: Folder;
  readonly members: readonly EtcdMember[];
  readonly endpoints: readonly string[];
  /** Where the first member tells its metrics. */
  readonly metricsUrl: string;
  /** Path of the program etcdctl of the same release. */
  readonly etcdctl: string;
  /** Restores snapshots: `etcdutl snapshot restore`, or etcdctl with 3.4. */
  readonly etcdutl: string;
  /** With `tls`: who signs, and a client certificate for the user "root". */
  readonly authority?: Authority;
  /** With `intermediate`: the root above `authority`. */
  readonly root?: Authority;
  readonly client?: CertificateFiles;
  /** Saves a snapshot of the first member; answers its path. */
  snapshot(): Promise<string>;
  /** Puts a snapshot in the place of everything: all members start anew from it. */
  restore(snapshot: string, how?: Restoring): Promise<void>;
  /** Resolves when every living member knows a leader; rejects after 30 s. */
  ready(): Promise<void>;
  /** Runs etcdctl against all members and rejects, with what it said, when it fails. */
  ctl(...command: string[]): Promise<string>;
  /** As `ctl`, but answers the process, also a failed one. */
  tryCtl(...command: string[]): Promise<Finished>;
}

/** Starts a cluster and waits until it has a leader. */
export async function startEtcd(wish: EtcdWish): Promise<EtcdCluster> {
  const binaries = await etcdBinaries(wish.version);
  const cluster = await makeCluster(wish, binaries, temporaryFolder("etcd"));
  try {
    await cluster.ready();
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

interface Plan {
  readonly name: string;
  readonly client: number;
  readonly peer: number;
  readonly health: number;
}

async function makeCluster(wish: EtcdWish, binaries: EtcdBinaries, folder: Folder): Promise<EtcdCluster> {
  // etcd ends at once should another process have taken one.
  const ports = await loopbackPorts(3 * (wish.members ?? 1));
  const plans = Array.from({ length: wish.members ?? 1 }, (_, index): Plan => {
    const [client = 0, peer = 0, health = 0] = ports.slice(3 * index);
    return { name: `m${index + 1}`, client, peer, health };
  });
  const tls = wish.tls ? await makeTls(folder, wish) : undefined;
  const members = plans.map((plan) => makeMember(plan, plans, wish, binaries, folder, tls?.server));
  for (const member of members) member.start();
  const endpoints = members.map((member) => member.endpoint);
  const ready = () => waitUntilReady(plans, members);
  const ctl = (command: readonly string[]) => [
    binaries.etcdctl,
    `--endpoints=${endpoints.join(",")}`,
    ...ctlTls(tls?.client),
    ...command,
  ];
  return {
    version: wish.version,
    folder,
    members,
    endpoints,
    metricsUrl: `http://127.0.0.1:${plans[0]?.health}/metrics`,
    etcdctl: binaries.etcdctl,
    etcdutl: binaries.etcdutl,
    ...(tls === undefined ? {} : { root: tls.root, authority: tls.authority, client: tls.client }),
    ready,
    snapshot: async () => {
      const path = folder.file(`${crypto.randomUUID()}.snapshot`);
      const one = [`--endpoints=${endpoints[0]}`, ...ctlTls(tls?.client)];
      await succeeds([binaries.etcdctl, ...one, "snapshot", "save", path]);
      return path;
    },
    restore: async (snapshot, how = {}) => {
      const count = how.alone ? 1 : plans.length;
      const chosen = members.slice(0, count);
      const peers = plans.slice(0, count);
      await Promise.all(chosen.map((member) => member.kill()));
      await how.meanwhile?.();
      const urls = new Map(peers.map((plan) => [plan.name, peerOf(plan)]));
      for (const plan of peers)
        await restoreMember(plan.name, folder.file(plan.name), urls, snapshot, how, binaries.etcdutl);
      for (const member of chosen) member.start();
      await ready();
    },
    ctl: (...command) => succeeds(ctl(command)),
    tryCtl: (...command) => run(ctl(command), { env: { ETCDCTL_API: "3" } }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(members.map((member) => member.kill()));
      folder[Symbol.dispose]();
    },
  };
}

function peerOf({ peer }: Plan): string {
  return `http://127.0.0.1:${peer}`;
}

async function makeTls(folder: Folder, { server: wish, host, intermediate }: EtcdWish) {
  const root = await makeAuthority(folder.path, "ca");
  const authority = intermediate ? await root.intermediate("below") : root;
  const hosts = ["127.0.0.1", "::1", "localhost", ...(host === undefined ? [] : [host])];
  const server = await authority.issue({ name: "server", hosts, ...wish });
  return {
    root,
    authority,
    server: { ...server, trustedCaFile: root.caFile },
    client: { ...(await authority.issue({ name: "root" })), trustedCaFile: root.caFile },
  };
}

function makeMember(
  plan: Plan,
  plans: readonly Plan[],
  wish: EtcdWish,
  binaries: EtcdBinaries,
  folder: Folder,
  server: CertificateFiles | undefined,
): EtcdMember {
  const scheme = server === undefined ? "http" : "https";
  const log = openSync(folder.file(`${plan.name}.log`), "a");
  let child: Bun.Subprocess | undefined;
  const signal = (name: NodeJS.Signals) => {
    if (child !== undefined) sendSignal(child, name);
  };
  return {
    name: plan.name,
    endpoint: `${scheme}://${hostOf(wish)}:${plan.client}`,
    port: plan.client,
    pid: () => child?.pid ?? 0,
    metrics: async () => (await fetch(`http://127.0.0.1:${plan.health}/metrics`)).text(),
    kill: async () => {
      signal("SIGKILL");
      await child?.exited;
    },
    freeze: () => signal("SIGSTOP"),
    thaw: () => signal("SIGCONT"),
    start: () => {
      mkdirSync(folder.file(plan.name), { recursive: true, mode: 0o700 });
      child = Bun.spawn([binaries.etcd, ...flags(plan, plans, wish, folder, scheme, server)], {
        stdin: "ignore",
        stdout: log,
        stderr: log,
        env: {},
      });
    },
  };
}

function flags(
  plan: Plan,
  plans: readonly Plan[],
  wish: EtcdWish,
  folder: Folder,
  scheme: string,
  server: CertificateFiles | undefined,
): string[] {
  const client = `${scheme}://${hostOf(wish)}:${plan.client}`;
  return [
    `--name=${plan.name}`,
    `--data-dir=${folder.file(plan.name)}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peerOf(plan)}`,
    `--initial-advertise-peer-urls=${peerOf(plan)}`,
    `--initial-cluster=${plans.map((of) => `${of.name}=${peerOf(of)}`).join(",")}`,
    `--listen-metrics-urls=http://127.0.0.1:${plan.health}`,
    "--heartbeat-interval=50",
    "--election-timeout=500",
    ...(wish.durable ? [] : ["--unsafe-no-fsync"]),
    ...(server === undefined
      ? []
      : [
          `--cert-file=${server.certFile}`,
          `--key-file=${server.keyFile}`,
          `--trusted-ca-file=${server.trustedCaFile}`,
          "--client-cert-auth",
        ]),
    ...(wish.flags ?? []),
  ];
}

function hostOf({ host = "127.0.0.1" }: EtcdWish): string {
  return host.includes(":") ? `[${host}]` : host;
}

function ctlTls(client: CertificateFiles | undefined): string[] {
  if (client === undefined) return [];
  return [`--cacert=${client.trustedCaFile}`, `--cert=${client.certFile}`, `--key=${client.keyFile}`];
}

async function waitUntilReady(plans: readonly Plan[], members: readonly EtcdMember[]): Promise<void> {
  const end = performance.now() + 30_000;
  for (const [index, plan] of plans.entries()) {
    while (alive(members[index]) && !(await healthy(plan.health))) {
      if (performance.now() > end) throw new Error(`etcd ${plan.name} is not healthy after 30 s`);
      await Bun.sleep(30);
    }
  }
}

function alive(member: EtcdMember | undefined): boolean {
  if (member === undefined) return false;
  try {
    return process.kill(member.pid(), 0);
  } catch {
    return false;
  }
}

/** The metrics port answers without TLS; an alarm (quota) counts as healthy: it has a leader. */
async function healthy(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(1000) });
    const text = await answer.text();
    return answer.ok || /ALARM/i.test(text);
  } catch {
    return false;
  }
}
