import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Authority, makeAuthority } from "./certificates.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { type ApiEtcd, type ApiEtcdWish, startApiEtcd } from "./etcd-below-api-server.ts";
import { cacheFolder } from "./etcd-binaries.ts";
import { type Folder, temporaryFolder } from "./folder.ts";
import { apiServerFlags, type FlagParts, managerFlags } from "./kubernetes-flags.ts";
import { loopbackPorts } from "./loopback-ports.ts";
import { type Finished, run } from "./run.ts";
import { eventually } from "./wait.ts";

/** Folder of the programs that test/cluster/build.sh makes. */
export const PROGRAMS = join(process.env.KUBE_IPAM_KUBERNETES ?? join(cacheFolder(), "kubernetes-v1.34.4"));

/** Why no Kubernetes can be started here; undefined where one can. */
export function withoutKubernetes(): string | undefined {
  return existsSync(join(PROGRAMS, "kube")) ? undefined : "needs the programs of test/cluster/build.sh";
}

export interface KubernetesWish extends ApiEtcdWish {
  /** Further programs; the API server and its etcd always run. */
  readonly controllers?: boolean;
  readonly scheduler?: boolean;
  /**
   * For real nodes: an address of this network namespace under which they reach the API server, at port
   * 443. Controllers then judge nodes too. Default: loopback, and nobody but the test reaches it.
   */
  readonly address?: string;
  /** Users of whom nodes make themselves known: a token for each of these names. */
  readonly nodeNames?: readonly string[];
  /** The API server may pass requests on to aggregated ones. */
  readonly aggregation?: boolean;
  /** The API server shows webhooks a certificate, by an authority whose own is `webhook-clients.crt` in the folder. */
  readonly webhookClient?: boolean;
  /** Who asked the API server for what, as lines in this file of the folder. */
  readonly auditLog?: string;
}

/** A real control plane, on loopback unless wished otherwise; ends and cleans up when its scope ends. */
export interface Kubernetes extends AsyncDisposable {
  readonly folder: Folder;
  /** "https://127.0.0.1:port" */
  readonly server: string;
  /** "http://127.0.0.1:port" of the API server's own etcd, for its metrics and what writes more objects than requests could. */
  readonly etcd: string;
  /** That etcd itself, to stop, freeze, or put a backup in its place. */
  readonly ownEtcd: ApiEtcd;
  /** Path of the administrator's kubeconfig. */
  readonly adminConfig: string;
  /** Path of the kubeconfig of a node that was named in the wish. */
  nodeConfig(name: string): string;
  readonly authority: Authority;
  /** The processes that run now, for whoever ends without disposing of it. */
  pids(): number[];
  /** The API server's own process, to stop, freeze or start anew. */
  readonly apiServer: Restartable;
  /** Runs kubectl as the administrator and throws with its stderr when it fails. */
  kubectl(...command: string[]): Promise<string>;
  tryKubectl(...command: string[]): Promise<Finished>;
  /** Applies objects given as values. */
  apply(...objects: readonly object[]): Promise<void>;
  /** One request to the API as the administrator; throws unless it succeeds. */
  request<T = unknown>(method: string, path: string, body?: unknown, type?: string): Promise<T>;
  /** Writes a kubeconfig for this user (token, tokenFile, client-certificate, exec …) and gives its path. */
  kubeConfig(user: object, cluster?: object): string;
}

export interface Restartable {
  pid(): number;
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
  /** Resolves when it is ready to answer. */
  start(): Promise<void>;
}

/** Users that the API server knows by a static token, as the control plane's own programs need them. */
const USERS = {
  admin: ["admin", '"system:masters"'],
  controllers: ["system:kube-controller-manager", ""],
  scheduler: ["system:kube-scheduler", ""],
} as const;

/** Starts etcd and the API server, and what else was wished for; about 5 s. */
export async function startKubernetes(wish: KubernetesWish = {}): Promise<Kubernetes> {
  const folder = temporaryFolder("kubernetes");
  const daemons: Daemon[] = [];
  const stop = async () => {
    for (const daemon of daemons.reverse()) await daemon.stop();
    folder[Symbol.dispose]();
  };
  try {
    return await startParts(wish, folder, daemons, stop);
  } catch (error) {
    const logs = daemons.map((daemon) => `${daemon.name}: ${daemon.tail()}`).join("\n");
    await stop();
    throw new Error(`Kubernetes did not start: ${String(error)}\n${logs}`);
  }
}

type Tokens = Readonly<Record<keyof typeof USERS, string>>;

interface Parts extends FlagParts {
  readonly server: string;
  readonly tokens: Tokens;
  /** By name. */
  readonly nodeTokens: Readonly<Record<string, string>>;
}

async function startParts(
  wish: KubernetesWish,
  folder: Folder,
  daemons: Daemon[],
  stop: () => Promise<void>,
): Promise<Kubernetes> {
  const [free = 0, client = 0, peer = 0] = await loopbackPorts(3);
  const port = wish.address === undefined ? free : 443;
  const authority = await makeAuthority(folder.path, "ca");
  const parts: Parts = {
    folder,
    wish,
    server: `https://${wish.address ?? "127.0.0.1"}:${port}`,
    ...writeTokens(folder, wish.nodeNames ?? []),
    authority,
  };
  const etcd = startApiEtcd(join(PROGRAMS, "etcd"), folder, { client, peer }, wish, daemons);
  const apiServer = await makeApiServer(parts, port, etcd.url, daemons);
  await apiServer.start();
  const kubernetes = makeHandle(parts, apiServer, etcd, stop, () => daemons.map(({ pid }) => pid));
  const manager = (name: string, user: keyof typeof USERS, ...flags: string[]) => {
    const config = `--kubeconfig=${kubernetes.kubeConfig({ token: parts.tokens[user] })}`;
    daemons.push(startDaemon(name, [join(PROGRAMS, name), config, "--leader-elect=false", ...flags], folder));
  };
  if (wish.controllers) manager("kube-controller-manager", "controllers", ...(await managerFlags(parts)));
  if (wish.scheduler) manager("kube-scheduler", "scheduler", "--secure-port=0");
  if (wish.controllers) await eventually(() => serviceAccountOf(kubernetes), 30_000);
  return kubernetes;
}

function makeHandle(
  parts: Parts,
  apiServer: Restartable,
  ownEtcd: ApiEtcd,
  stop: () => Promise<void>,
  pids: () => number[],
): Kubernetes {
  const { authority, folder, nodeTokens, server, tokens } = parts;
  let count = 0;
  const kubeConfig = (user: object, cluster: object = {}) => {
    const path = folder.file(`kubeconfig-${count++}`);
    const known = { server, "certificate-authority": authority.caFile, ...cluster };
    writeFileSync(path, JSON.stringify(kubeConfigOf(known, user)));
    return path;
  };
  const admin = kubeConfig({ token: tokens.admin });
  // kubectl keeps what it found out about the server in its home.
  const tryKubectl = (...command: string[]) =>
    run([join(PROGRAMS, "kubectl"), `--kubeconfig=${admin}`, ...command], { env: { HOME: folder.path } });
  const kubectl = async (...command: string[]) => {
    const finished = await tryKubectl(...command);
    if (finished.exitCode !== 0) throw new Error(`kubectl ${command.join(" ")}: ${finished.stderr.trim()}`);
    return finished.stdout;
  };
  return {
    folder,
    server,
    etcd: ownEtcd.url,
    ownEtcd,
    authority,
    adminConfig: admin,
    pids,
    apiServer,
    kubectl,
    tryKubectl,
    apply: async (...objects) => {
      const path = folder.file(`objects-${count++}.json`);
      writeFileSync(path, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
      await kubectl("apply", "--server-side", "-f", path);
    },
    request: (method, path, body, type) => request(parts, method, path, body, type),
    kubeConfig,
    nodeConfig: (name) => kubeConfig({ token: nodeTokens[name] }),
    [Symbol.asyncDispose]: stop,
  };
}

async function request<T>(
  parts: Parts,
  method: string,
  path: string,
  body?: unknown,
  type = "application/json",
): Promise<T> {
  const init = {
    method,
    headers: { Authorization: `Bearer ${parts.tokens.admin}`, "Content-Type": type },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    tls: { ca: await Bun.file(parts.authority.caFile).text() },
  };
  const { ok, status, text } = await patiently(parts.server + path, init);
  if (!ok) throw new Error(`${method} ${path}: ${status} ${text}`);
  return JSON.parse(text) as T;
}

/** On a crowded machine an answer may take long; asking again harms nothing where nothing is changed. */
async function patiently(
  url: string,
  init: BunFetchRequestInit,
): Promise<{ ok: boolean; status: number; text: string }> {
  for (let tries = init.method === "GET" ? 3 : 1; ; tries -= 1) {
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(60_000 / tries) });
      return { ok: response.ok, status: response.status, text: await response.text() };
    } catch (failure) {
      if (tries <= 1 || (failure as Error).name !== "TimeoutError") throw failure;
    }
  }
}

async function makeApiServer(
  parts: Parts,
  port: number,
  etcd: string,
  daemons: Daemon[],
): Promise<Restartable> {
  const flags = await apiServerFlags(parts, port, etcd);
  let daemon: Daemon | undefined;
  return {
    pid: () => daemon?.pid ?? 0,
    freeze: () => daemon?.signal("SIGSTOP"),
    thaw: () => daemon?.signal("SIGCONT"),
    stop: async () => {
      daemon?.signal("SIGKILL");
      await daemon?.stop();
    },
    start: async () => {
      const started = startDaemon(
        "kube-apiserver",
        [join(PROGRAMS, "kube-apiserver"), ...flags],
        parts.folder,
      );
      daemon = started;
      daemons.push(started);
      await eventually(async () => {
        if (!started.running()) throw new Error("kube-apiserver ended");
        return isReady(parts);
      }, 60_000);
    },
  };
}

function writeTokens(folder: Folder, nodeNames: readonly string[]): Pick<Parts, "tokens" | "nodeTokens"> {
  const tokens = { admin: token(), controllers: token(), scheduler: token() };
  const nodeTokens = Object.fromEntries(nodeNames.map((name) => [name, token()]));
  const lines = [
    ...Object.entries(USERS).map(([name, [user, groups]]) =>
      tokenLine(tokens[name as keyof typeof USERS], user, groups),
    ),
    ...nodeNames.map((name) => tokenLine(nodeTokens[name] ?? "", `system:node:${name}`, '"system:nodes"')),
  ];
  writeFileSync(folder.file("tokens.csv"), `${lines.join("\n")}\n`, { mode: 0o600 });
  return { tokens, nodeTokens };
}

function tokenLine(secret: string, user: string, groups: string): string {
  return [secret, user, user, ...(groups === "" ? [] : [groups])].join(",");
}

function token(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

async function isReady(parts: Parts): Promise<true | undefined> {
  try {
    const answer = await fetch(`${parts.server}/readyz`, {
      headers: { Authorization: `Bearer ${parts.tokens.admin}` },
      tls: { ca: await Bun.file(parts.authority.caFile).text() },
      signal: AbortSignal.timeout(1_000),
    });
    return answer.ok ? true : undefined;
  } catch {
    return undefined;
  }
}

/** Pods can be made as soon as their namespace has a service account. */
async function serviceAccountOf({ tryKubectl }: Kubernetes): Promise<true | undefined> {
  const finished = await tryKubectl("get", "serviceaccount", "default");
  return finished.exitCode === 0 ? true : undefined;
}

function kubeConfigOf(cluster: object, user: object): object {
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster }],
    users: [{ name: "user", user }],
    contexts: [{ name: "test", context: { cluster: "test", user: "user" } }],
    "current-context": "test",
  };
}
