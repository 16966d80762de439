import { requestFrame } from "../src/agent/socket/protocol.ts";
import type { EtcdSettings } from "../src/config/network-configuration.ts";
import { environment } from "../test/kit/cni.ts";
import type { EtcdCluster } from "../test/kit/etcd.ts";
import { etcdSettings } from "../test/kit/etcd-settings.ts";
import { temporaryFolder } from "../test/kit/folder.ts";
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

export interface AgentOnEtcd extends AsyncDisposable {
  readonly door: Door;
  readonly pid: number;
}

/** The agent of a node with folders of its own, and a network 10.0.0.0/8 on this etcd. */
export async function agentOnEtcd(cluster: EtcdCluster, nodeName = "node1"): Promise<AgentOnEtcd> {
  const plugin = deployPlugin();
  const namespace = await makeNamespace();
  const socket = plugin.folder.file("agent.sock");
  const agent = await startAgent(plugin.folder, plugin.executable, socket, plugin.env);
  const etcdConfig = configOf(etcdSettings(cluster));
  // In memory, as /run is on a node.
  const runDir = temporaryFolder("bench", "/dev/shm");
  const own = { ...plugin.ipam, nodeName, runDir: runDir.path };
  const ipam = { type: "kube-ipam", ...own, subnet: "10.0.0.0/8", etcdConfig };
  const stdin = JSON.stringify({ cniVersion: "1.0.0", name: "net1", type: "macvlan", ipam });
  return {
    door: { socket, stdin, netns: namespace.path },
    pid: agent.pid,
    [Symbol.asyncDispose]: async () => {
      await agent.stop();
      await namespace.remove();
      await plugin[Symbol.asyncDispose]();
      runDir[Symbol.dispose]();
    },
  };
}

/** ADDs container number n; throws unless it succeeds. */
export function adder(door: Door): (n: number) => Promise<void> {
  return verbCaller("ADD", door);
}

/** DELs container number n; throws unless it succeeds. */
export function deleter(door: Door): (n: number) => Promise<void> {
  return verbCaller("DEL", door);
}

function verbCaller(verb: "ADD" | "DEL", { socket, stdin, netns }: Door): (n: number) => Promise<void> {
  const caller = new AgentCaller(socket);
  return async (n) => {
    const env = environment(verb, { container: `c${n}`, ifname: "eth0", netns });
    const { exitCode, stdout } = await caller.call(requestFrame({ env, stdin }));
    if (exitCode !== 0) throw new Error(`${verb} failed: ${stdout}`);
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
