import { expect } from "bun:test";
import { cpSync } from "node:fs";
import type { Daemon } from "../daemon.ts";
import type { KubernetesWish } from "../kubernetes.ts";
import { audit, productCheck } from "./audit.ts";
import { DuplicateWatch } from "./duplicate-watch.ts";
import type { Machine } from "./machine.ts";
import { type NewerRuntime, newerRuntime } from "./newer-runtime.ts";
import { BUILD, installBuild, startAgent, wireNetwork, writeNetwork, writeNodeFile } from "./own-node.ts";
import { type RealCluster, startRealCluster } from "./real-cluster.ts";
import type { RealNode } from "./real-node.ts";

/** A node on which kube-ipam is installed, with its agent. */
export interface StageNode extends RealNode {
  agent(): Daemon;
  startAgent(): Promise<void>;
}

/** A real cluster of two nodes whose pods get their addresses from kube-ipam. */
export interface Stage extends Omit<RealCluster, "nodes"> {
  readonly nodes: readonly [StageNode, StageNode];
  readonly watch: DuplicateWatch;
  /** Whether the chart looks after the nodes, and not the kit: whoever installs it says so. */
  readonly managed: { byChart: boolean };
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
}

/** Starts it; about 15 s. */
export async function startStage(wish: KubernetesWish = {}, own: StageWish = {}): Promise<Stage> {
  await using starting = new AsyncDisposableStack();
  const cluster = starting.use(await startRealCluster(["node1", "node2"], wish));
  const newer = own.newerRuntime === false ? undefined : newerRuntime();
  const managed = { byChart: false };
  const nodes = [await addNode(cluster, managed, 1), await addNode(cluster, managed, 2, newer)] as const;
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

async function addNode(
  cluster: Awaited<ReturnType<typeof startRealCluster>>,
  managed: Stage["managed"],
  index: number,
  newer?: NewerRuntime,
): Promise<StageNode> {
  let agent: Daemon | undefined;
  const node = await cluster.addNode({
    index,
    ...(newer && { runtime: newer.runtime }),
    prepare: async (machine) => {
      if (managed.byChart) return;
      if (newer !== undefined) cpSync(newer.plugins, machine.path("opt/cni/bin"), { recursive: true });
      await writeNodeFile(machine, cluster.kubernetes, cluster.etcd);
      writeNetwork(machine, wireNetwork(newer === undefined ? "1.0.0" : "1.1.0"));
      await installBuild(machine, BUILD);
      agent = await startAgent(machine);
    },
  });
  return {
    ...node,
    agent: () => {
      if (agent === undefined) throw new Error(`${node.name} has no agent`);
      return agent;
    },
    startAgent: async () => {
      agent = await startAgent(node.machine());
    },
  };
}
