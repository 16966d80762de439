import { type Daemon, startDaemon } from "./daemon.ts";
import { etcdBinaries } from "./etcd-binaries.ts";
import { type Restoring, restoreMember, succeeds } from "./etcd-restore.ts";
import type { Folder } from "./folder.ts";
import { eventually } from "./wait.ts";

/** How the etcd of an API server is to run. */
export interface ApiEtcdWish {
  /** With fsync, as in production: for benchmarks. Default false. */
  readonly durable?: boolean;
  /** Further flags, such as a quota. */
  readonly etcdFlags?: readonly string[];
}

/** The etcd that an API server keeps its objects in: one member, on loopback. */
export interface ApiEtcd {
  /** "http://127.0.0.1:port" */
  readonly url: string;
  pid(): number;
  freeze(): void;
  thaw(): void;
  /** SIGKILL, as a crash; the data stays. */
  kill(): Promise<void>;
  /** Starts it again on its data; resolves when it answers. */
  start(): Promise<void>;
  /** Saves a backup; answers its path. */
  snapshot(): Promise<string>;
  /** Puts a backup in the place of everything, as an operator does; the API server is left as it is. */
  restore(snapshot: string, how?: Restoring): Promise<void>;
  /** Runs etcdctl against it and rejects, with what it said, when it fails. */
  ctl(...command: string[]): Promise<string>;
}

/** Starts it, and adds each of its processes to `daemons`. */
export function startApiEtcd(
  program: string,
  folder: Folder,
  ports: { readonly client: number; readonly peer: number },
  wish: ApiEtcdWish,
  daemons: Daemon[],
): ApiEtcd {
  const url = `http://127.0.0.1:${ports.client}`;
  const peer = `http://127.0.0.1:${ports.peer}`;
  const dataDir = folder.file("etcd");
  const command = [
    program,
    `--data-dir=${dataDir}`,
    `--name=${NAME}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=${NAME}=${peer}`,
    ...(wish.durable ? [] : ["--unsafe-no-fsync"]),
    ...(wish.etcdFlags ?? []),
  ];
  const begin = () => {
    const daemon = startDaemon("etcd", command, folder);
    daemons.push(daemon);
    return daemon;
  };
  let daemon = begin();
  const kill = async () => {
    daemon.signal("SIGKILL");
    await daemon.stop();
  };
  const start = async () => {
    daemon = begin();
    await eventually(() => answers(url), PATIENCE_MS);
  };
  const ctl = async (...args: string[]) =>
    succeeds([(await etcdBinaries("3.6")).etcdctl, `--endpoints=${url}`, ...args]);
  return {
    url,
    pid: () => daemon.pid,
    freeze: () => daemon.signal("SIGSTOP"),
    thaw: () => daemon.signal("SIGCONT"),
    kill,
    start,
    ctl,
    snapshot: async () => {
      const path = folder.file(`${crypto.randomUUID()}.snapshot`);
      await ctl("snapshot", "save", path);
      return path;
    },
    restore: async (snapshot, how = {}) => {
      const { etcdutl } = await etcdBinaries("3.6");
      await kill();
      await how.meanwhile?.();
      await restoreMember(NAME, dataDir, new Map([[NAME, peer]]), snapshot, how, etcdutl);
      await start();
    },
  };
}

const NAME = "e";
const PATIENCE_MS = 30_000;

/** An alarm counts as an answer: it has a leader. */
async function answers(url: string): Promise<true | undefined> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(1_000) });
    return answer.ok || /ALARM/i.test(await answer.text()) ? true : undefined;
  } catch {
    return undefined;
  }
}
