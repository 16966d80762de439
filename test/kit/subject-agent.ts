import { chmodSync, copyFileSync, existsSync, mkdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type Daemon, startDaemon } from "./daemon.ts";
import type { Folder } from "./folder.ts";
import type { Place, Subject } from "./subject.ts";
import { kubeIpamOnEtcd } from "./subject-etcd.ts";
import { kubeIpam } from "./subject-kube-ipam.ts";
import { kubeIpamOnKubernetes } from "./subject-kubernetes.ts";
import { eventually } from "./wait.ts";

/** The shim as the runtime starts it, with an agent that serves it, on the embedded store. */
export function kubeIpamAgent(): Subject {
  return {
    name: "kube-ipam-agent",
    type: "kube-ipam",
    ours: true,
    agent: true,
    open: () => throughAgent(kubeIpam()),
  };
}

/** The same on the objects of a real API server. */
export function kubeIpamAgentOnKubernetes(): Subject {
  const open = () => throughAgent(kubeIpamOnKubernetes());
  return {
    name: "kube-ipam-agent-kubernetes",
    type: "kube-ipam",
    ours: true,
    remote: true,
    cluster: true,
    agent: true,
    open,
  };
}

/** The same on a real etcd with mutual TLS. */
export function kubeIpamAgentOnEtcd(): Subject {
  const open = () => throughAgent(kubeIpamOnEtcd());
  return { name: "kube-ipam-agent-etcd", type: "kube-ipam", ours: true, remote: true, agent: true, open };
}

/** The shim and the complete plugin beside it, while the agent is killed again and again. */
export function kubeIpamAgentKilled(): Subject {
  const open = async () => killingAgent(await throughAgent(kubeIpam(), "full"));
  return { name: "kube-ipam-agent-killed", type: "kube-ipam", ours: true, agent: true, open };
}

/** Longest time that an agent lives and, after it was killed, none is there, in milliseconds. */
const LONGEST_LIFE = 400;
const LONGEST_REST = 100;

function killingAgent(place: AgentPlace): AgentPlace {
  let over = false;
  const killing = (async () => {
    while (!over) {
      await Bun.sleep(Math.random() * LONGEST_LIFE);
      place.agent().signal("SIGKILL");
      await place.agent().stop();
      await Bun.sleep(Math.random() * LONGEST_REST);
      // A case may have made it impossible to start, by breaking the node's file for example.
      await place.startAgent().catch(() => undefined);
    }
  })();
  return {
    ...place,
    [Symbol.asyncDispose]: async () => {
      over = true;
      await killing;
      await place[Symbol.asyncDispose]();
    },
  };
}

/** A place with an agent that can be hurt. */
export interface AgentPlace extends Place {
  readonly socket: string;
  agent(): Daemon;
  /** Starts another one; resolves when it serves. */
  startAgent(): Promise<void>;
}

/** A place whose executable is the shim. Without the fallback it shows that the agent answers. */
export async function throughAgent(plain: Subject, fallback: "full" | "none" = "none"): Promise<AgentPlace> {
  const place = await plain.open();
  const { executable, socket } = installShim(place.folder, place.executable);
  const start = () => startAgent(place.folder, place.executable, socket, place.env);
  let agent = await start();
  return {
    ...place,
    executable,
    socket,
    env: { ...place.env, KUBE_IPAM_AGENT_SOCKET: socket, KUBE_IPAM_FALLBACK: fallback },
    agent: () => agent,
    startAgent: async () => {
      agent = await start();
    },
    [Symbol.asyncDispose]: async () => {
      agent.signal("SIGCONT");
      await agent.stop();
      await place[Symbol.asyncDispose]();
    },
  };
}

/** The shim with the complete plugin beside it, as `kube-ipam install` leaves them. */
export function installShim(folder: Folder, full: string): { executable: string; socket: string } {
  const bin = folder.file("bin");
  mkdirSync(bin);
  const executable = join(bin, "kube-ipam");
  copyFileSync(shimExecutable(), executable);
  chmodSync(executable, 0o755);
  symlinkSync(full, join(bin, "kube-ipam.full"));
  return { executable, socket: folder.file("agent.sock") };
}

/** An agent that serves; fails with its last words where it does not. */
export async function startAgent(
  folder: Pick<Folder, "file">,
  full: string,
  socket: string,
  env: Readonly<Record<string, string>> = {},
  options: readonly string[] = [],
): Promise<Daemon> {
  const stale = inode(socket);
  const agent = startDaemon("agent", [full, "agent", "--socket", socket, ...options], folder, env);
  await eventually(async () => inode(socket) !== stale || !agent.running() || undefined);
  if (!agent.running()) throw new Error(`expected an agent, got ${agent.tail()}`);
  return agent;
}

/** Of a socket; undefined where there is none. */
function inode(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

export function shimExecutable(): string {
  const path = process.env.KUBE_IPAM_SHIM ?? join(import.meta.dir, "../../dist/kube-ipam-shim");
  if (!existsSync(path)) throw new Error(`expected the shim at ${path}: run 'make shim' first`);
  return path;
}
