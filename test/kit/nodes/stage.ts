import { expect } from "bun:test";
import { cpSync } from "node:fs";
import type { Daemon } from "../daemon.ts";
import { type EtcdCluster, startEtcd } from "../etcd.ts";
import { ETCD_VERSIONS } from "../etcd-binaries.ts";
import type { KubernetesWish } from "../kubernetes.ts";
import { audit, productCheck } from "./audit.ts";
import { DuplicateWatch } from "./duplicate-watch.ts";
import { BY_HAND, type Installation } from "./installation.ts";
import type { Machine } from "./machine.ts";
import { CONTROL_PLANE } from "./network.ts";
import { type NewerRuntime, newerRuntime } from "./newer-runtime.ts";
import {
  type AgentWish,
  BUILD,
  giveAccount,
  installBuild,
  startAgent,
  wireNetwork,
  writeNetwork,
  writeNodeFile,
} from "./own-node.ts";
import { type RealCluster, startRealCluster } from "./real-cluster.ts";
import type { RealNode } from "./real-node.ts";

/** A node on which kube-ipam is installed, with its agent. */
export interface StageNode extends RealNode {
  /** The newest CNI that its main plugins know. */
  readonly cniVersion: string;
  agent(): Daemon;
  startAgent(): Promise<void>;
  /** Places kube-ipam and the network as docs/install.md says for a node by hand, and starts the agent. */
  placeByHand(): Promise<void>;
}

/** A real cluster of two nodes whose pods get their addresses from kube-ipam. */
export interface Stage extends Omit<RealCluster, "nodes"> {
  readonly nodes: readonly [StageNode, StageNode];
  /** The store of addresses, with mutual TLS, apart from the API server's. */
  readonly etcd: EtcdCluster;
  readonly watch: DuplicateWatch;
  /** What looks after the nodes: `bring` changes it. */
  readonly managed: { by: Installation };
  /** The machines that are on. */
  machines(): Machine[];
  /** The node that is not this one. */
  other(name: string): StageNode;
  node(name: string): StageNode;
  /** Fails unless store, pods and namespaces agree, and no address was ever held twice. */
  settled(): Promise<void>;
}

export interface StageWish {
  /** Default true: the second node runs containerd 2.x and CNI 1.1.0, where that is built. */
  readonly newerRuntime?: boolean;
  /** The agents have the account that the chart gives them, and show metrics. Default: the plugin's kubeconfig. */
  readonly ownAccounts?: boolean;
}

/** Starts it; about 15 s. */
export async function startStage(wish: KubernetesWish = {}, own: StageWish = {}): Promise<Stage> {
  await using starting = new AsyncDisposableStack();
  const cluster = starting.use(await startRealCluster(["node1", "node2"], wish));
  const [version = "3.4"] = ETCD_VERSIONS;
  const etcd = starting.use(await startEtcd({ version, tls: true, host: CONTROL_PLANE }));
  const newer = own.newerRuntime === false ? undefined : newerRuntime();
  const managed = { by: BY_HAND };
  const account = own.ownAccounts === true;
  const first = await addNode(cluster, etcd, { managed, index: 1, account });
  const second = await addNode(cluster, etcd, { managed, index: 2, account, ...(newer && { newer }) });
  const nodes = [first, second] as const;
  for (const node of nodes) await node.ready();
  const machines = () => nodes.filter((node) => node.isOn()).map((node) => node.machine());
  const watch = starting.use(new DuplicateWatch(machines));
  const running = starting.move();
  const find = (name: string, same: boolean) => {
    const node = nodes.find((each) => (each.name === name) === same);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  };
  return {
    ...cluster,
    etcd,
    nodes,
    watch,
    managed,
    machines,
    node: (name) => find(name, true),
    other: (name) => find(name, false),
    settled: async () => {
      expect(await audit(cluster.kubernetes, machines())).toEqual([]);
      expect(await productCheck(cluster.kubernetes, machines())).toEqual([]);
      expect(watch.found).toEqual([]);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

interface NodeWish {
  readonly managed: Stage["managed"];
  readonly index: number;
  readonly account: boolean;
  readonly newer?: NewerRuntime;
}

async function addNode(
  cluster: Awaited<ReturnType<typeof startRealCluster>>,
  etcd: EtcdCluster,
  { account, index, managed, newer }: NodeWish,
): Promise<StageNode> {
  const cniVersion = newer === undefined ? "1.0.0" : "1.1.0";
  let agent: Daemon | undefined;
  const start = async (machine: Machine) => {
    const wish: AgentWish = account ? await giveAccount(machine, cluster.kubernetes) : {};
    agent = await startAgent(machine, wish);
  };
  const place = async (machine: Machine) => {
    await writeNodeFile(machine, cluster.kubernetes, etcd);
    writeNetwork(machine, wireNetwork(cniVersion));
    await installBuild(machine, BUILD);
    await start(machine);
  };
  const node = await cluster.addNode({
    index,
    ...(newer && { runtime: newer.runtime }),
    prepare: async (machine) => {
      if (newer !== undefined) cpSync(newer.plugins, machine.path("opt/cni/bin"), { recursive: true });
      if (!managed.by.byChart) await place(machine);
    },
  });
  return {
    ...node,
    cniVersion,
    agent: () => {
      if (agent === undefined) throw new Error(`${node.name} has no agent`);
      return agent;
    },
    startAgent: () => start(node.machine()),
    placeByHand: () => place(node.machine()),
  };
}
