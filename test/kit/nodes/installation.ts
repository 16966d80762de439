import { forgetRole } from "../kubernetes-role.ts";
import { installChart, NO_VALUES, uninstallChart, valuesForEtcd } from "./chart.ts";
import { wireNetwork, writeNetwork } from "./own-node.ts";
import type { Stage, StageNode } from "./stage.ts";

/** How kube-ipam came onto the nodes, and where its records are. One of them is on a stage at a time. */
export interface Installation {
  readonly name: string;
  readonly store: "etcd" | "kubernetes";
  readonly byChart: boolean;
  install(stage: Stage): Promise<void>;
  remove(stage: Stage): Promise<void>;
}

/** The files of docs/install.md placed by hand, and agents that are no pods: so a stage starts. */
export const BY_HAND: Installation = {
  name: "by hand, on etcd",
  store: "etcd",
  byChart: false,
  install: async ({ nodes }) => {
    for (const node of nodes) await node.placeByHand();
  },
  remove: async ({ kubernetes, nodes }) => {
    for (const node of nodes) await node.agent().stop(40_000);
    await forgetRole(kubernetes);
  },
};

/** One command with etcd's endpoints, its Secret, and the network. */
export const CHART_ON_ETCD: Installation = {
  name: "by the chart, on etcd",
  store: "etcd",
  byChart: true,
  install: async (stage) => {
    const network = `--set-json=network.config=${JSON.stringify(wireNetwork("1.0.0"))}`;
    await installChart(stage, [...(await valuesForEtcd(stage)), network]);
  },
  remove: uninstallChart,
};

/** The README's one command. The network was on the nodes before. */
export const WITHOUT_VALUES: Installation = {
  name: "by the README's one command, in Kubernetes' own API",
  store: "kubernetes",
  byChart: true,
  install: async (stage) => {
    for (const node of stage.nodes) writeNetwork(node.machine(), wireNetwork(node.cniVersion));
    await installChart(stage, NO_VALUES);
  },
  remove: uninstallChart,
};

/** Puts this one into the place of the one that the stage has; no pod has an address then. */
export async function bring(stage: Stage, wanted: Installation): Promise<void> {
  const { managed } = stage;
  if (managed.by === wanted) return;
  await managed.by.remove(stage);
  for (const node of stage.nodes) await makeBare(node, managed.by.store !== wanted.store);
  managed.by = wanted;
  await wanted.install(stage);
  for (const node of stage.nodes) await node.ready();
}

/** A node that knows one store refuses another, so it forgets the former. */
async function makeBare(node: StageNode, forget: boolean): Promise<void> {
  const memory = forget ? "/var/lib/kube-ipam /run/kube-ipam /var/log/kube-ipam*" : "";
  const remains = "/opt/cni/bin/kube-ipam* /etc/kube-ipam /etc/cni/net.d/*";
  await node.machine().exec("sh", "-c", `rm -rf ${remains} ${memory}`);
}
