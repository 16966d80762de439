import { type AgentAnswer, requestFrame } from "../src/agent/socket/protocol.ts";
import type { EtcdSettings } from "../src/config/network-configuration.ts";
import { environment } from "../test/kit/cni.ts";
import type { EtcdCluster } from "../test/kit/etcd.ts";
import { etcdSettings } from "../test/kit/etcd-settings.ts";
import { temporaryFolder } from "../test/kit/folder.ts";
import type { Kubernetes } from "../test/kit/kubernetes.ts";
import { makeNamespace } from "../test/kit/namespaces.ts";
import { startAgent } from "../test/kit/subject-agent.ts";
import { deployPlugin } from "../test/kit/subject-kube-ipam.ts";
import { AgentCaller } from "./agent-caller.ts";

/** What a caller needs to make ADDs through an agent. */
export interface Door {
  readonly socket: string;
  /** What the runtime passes on stdin. */
  readonly stdin: string;
  readonly netns: string;
}

export interface AgentOnStore extends AsyncDisposable {
  readonly door: Door;
  readonly pid: number;
}

/** The agent of a node with folders of its own, and a network 10.0.0.0/8 on this etcd. */
export function agentOnEtcd(cluster: EtcdCluster, nodeName = "node1"): Promise<AgentOnStore> {
  return agentOn({ etcdConfig: configOf(etcdSettings(cluster)), nodeName });
}

/** The same on the objects of this API server; `ipam` adds to the network's, or replaces. */
export function agentOnKubernetes(
  { adminConfig }: Kubernetes,
  nodeName = "node1",
  ipam: object = {},
): Promise<AgentOnStore> {
  return agentOn({ store: "kubernetes", kubeConfig: adminConfig, nodeName, ...ipam });
}

/** ADDs container number n; throws unless it succeeds. */
export function adder(door: Door): (n: number) => Promise<void> {
  return verbCaller("ADD", door);
}

/** DELs container number n; throws unless it succeeds. */
export function deleter(door: Door): (n: number) => Promise<void> {
  return verbCaller("DEL", door);
}

/** Sends a verb for a container, and answers whatever it came to. */
export function caller({
  netns,
  socket,
  stdin,
}: Door): (verb: "ADD" | "DEL", container: string, args?: string) => Promise<AgentAnswer> {
  const agent = new AgentCaller(socket);
  return (verb, container, args) =>
    agent.call(requestFrame({ env: environment(verb, { container, ifname: "eth0", netns, args }), stdin }));
}

function verbCaller(verb: "ADD" | "DEL", door: Door): (n: number) => Promise<void> {
  const call = caller(door);
  return async (n) => {
    const { exitCode, stdout } = await call(verb, `c${n}`);
    if (exitCode !== 0) throw new Error(`${verb} failed: ${stdout}`);
  };
}

async function agentOn(ipam: object): Promise<AgentOnStore> {
  const plugin = deployPlugin();
  const namespace = await makeNamespace();
  const socket = plugin.folder.file("agent.sock");
  const agent = await startAgent(plugin.folder, plugin.executable, socket, plugin.env);
  // In memory, as /run is on a node.
  const runDir = temporaryFolder("bench", "/dev/shm");
  const own = { type: "kube-ipam", ...plugin.ipam, runDir: runDir.path, subnet: "10.0.0.0/8" };
  const network = { cniVersion: "1.0.0", name: "net1", type: "macvlan", ipam: { ...own, ...ipam } };
  return {
    door: { socket, stdin: JSON.stringify(network), netns: namespace.path },
    pid: agent.pid,
    [Symbol.asyncDispose]: async () => {
      await agent.stop();
      await namespace.remove();
      await plugin[Symbol.asyncDispose]();
      runDir[Symbol.dispose]();
    },
  };
}

function configOf({ endpoints, certFile, keyFile, trustedCaFile }: EtcdSettings): object {
  return {
    etcdURL: endpoints.join(","),
    etcdCertFile: certFile,
    etcdKeyFile: keyFile,
    etcdTrustedCAFile: trustedCaFile,
  };
}
