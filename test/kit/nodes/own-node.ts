import { copyFileSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Daemon } from "../daemon.ts";
import type { EtcdCluster } from "../etcd.ts";
import type { Kubernetes } from "../kubernetes.ts";
import { agentToken, pluginToken } from "../kubernetes-role.ts";
import { shimExecutable } from "../subject-agent.ts";
import { eventually } from "../wait.ts";
import type { Machine } from "./machine.ts";
import { WIRE } from "./network.ts";

const FOLDER = "/etc/kube-ipam";
const FULL = "/opt/cni/bin/kube-ipam.full";

/** The build of kube-ipam under test: the executable, with the shim beside it. */
export interface Build {
  readonly executable: string;
  readonly shim: string;
}

export const BUILD: Build = {
  executable: process.env.KUBE_IPAM_EXECUTABLE ?? join(import.meta.dir, "../../../dist/kube-ipam"),
  shim: shimExecutable(),
};

/** The pods' network on the wire: 10.188.1.0 to 10.188.1.255 are given out, all else may be asked for. */
export const IPAM = {
  type: "kube-ipam",
  subnet: "10.188.0.0/16",
  rangeStart: "10.188.1.0",
  rangeEnd: "10.188.1.255",
  gateway: "10.188.0.1",
  routes: [{ dst: "0.0.0.0/0" }],
};

/** Writes the node's file with its credentials, which are those of the shipped role. */
export async function writeNodeFile(
  machine: Machine,
  kubernetes: Kubernetes,
  { client, endpoints }: EtcdCluster,
): Promise<void> {
  mkdirSync(machine.path(FOLDER), { recursive: true });
  const put = (from: string, name: string) => {
    copyFileSync(from, machine.path(FOLDER, name));
    return join(FOLDER, name);
  };
  const kubeConfig = kubernetes.kubeConfig(
    { token: await pluginToken(kubernetes) },
    { "certificate-authority": join(FOLDER, "kubernetes-ca.crt") },
  );
  put(kubernetes.authority.caFile, "kubernetes-ca.crt");
  const config = {
    kubeConfig: put(kubeConfig, "kubeconfig"),
    etcdConfig: {
      etcdURL: endpoints.join(","),
      etcdCertFile: put(client?.certFile ?? "", "etcd.crt"),
      etcdKeyFile: put(client?.keyFile ?? "", "etcd.key"),
      etcdTrustedCAFileFile: put(client?.trustedCaFile ?? "", "etcd-ca.crt"),
    },
  };
  writeFileSync(machine.path(FOLDER, "config.json"), JSON.stringify(config));
}

/** The network that puts pods on the wire. */
export function wireNetwork(cniVersion: string, ipam: object = IPAM): object {
  const plugin = {
    type: "macvlan",
    master: WIRE,
    mode: "bridge",
    capabilities: { "io.kubernetes.cri.pod-annotations": true },
    ipam,
  };
  return { cniVersion, name: "lan", plugins: [plugin] };
}

/** The runtime takes the file for its network. */
export function writeNetwork(machine: Machine, network: object): void {
  mkdirSync(machine.path("etc/cni/net.d"), { recursive: true });
  writeFileSync(machine.path("etc/cni/net.d/10-lan.conflist"), JSON.stringify(network));
}

/** What an operator does: the build's own command puts shim and complete plugin in place. */
export async function installBuild(machine: Machine, { executable, shim }: Build): Promise<void> {
  await machine.exec(executable, "install", "--bin-dir", dirname(FULL), "--shim", shim);
}

export async function uninstallBuild(machine: Machine): Promise<void> {
  await machine.exec(FULL, "install", "--uninstall", "--bin-dir", dirname(FULL));
}

/** Where an agent tells what it did, on every address of its machine. */
export const AGENT_PORT = 9467;
const ACCOUNT = "run/secrets/kubernetes.io/serviceaccount";

/**
 * Gives the machine's agent the account that the chart gives it, as kubelet puts it into the agent's pod.
 *
 * @returns what `startAgent` needs then.
 */
export async function giveAccount(machine: Machine, kubernetes: Kubernetes): Promise<AgentWish> {
  mkdirSync(machine.path(ACCOUNT), { recursive: true });
  writeFileSync(machine.path(ACCOUNT, "token"), await agentToken(kubernetes), { mode: 0o600 });
  writeFileSync(machine.path(ACCOUNT, "namespace"), "kube-system");
  copyFileSync(kubernetes.authority.caFile, machine.path(ACCOUNT, "ca.crt"));
  const { hostname, port } = new URL(kubernetes.server);
  return {
    options: [`--host-kubeconfig=${FOLDER}/kubeconfig`, `--listen=0.0.0.0:${AGENT_PORT}`],
    env: {
      NODE_NAME: machine.name,
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port === "" ? "443" : port,
    },
  };
}

export interface AgentWish {
  readonly options?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts what is installed as the node's agent; resolves when it serves. */
export async function startAgent(machine: Machine, { options = [], env }: AgentWish = {}): Promise<Daemon> {
  const socket = machine.path("run/kube-ipam/agent.sock");
  const stale = inodeOf(socket);
  const agent = machine.start(`${machine.name}-agent`, [FULL, "agent", ...options], env);
  await eventually(async () => {
    if (!agent.running()) throw new Error(`the agent of ${machine.name} ended: ${agent.tail()}`);
    return inodeOf(socket) !== stale || undefined;
  }, 60_000);
  return agent;
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
