import type { NetworkConfiguration, StoreSettings } from "../../config/network-configuration.ts";
import { verifyStore } from "../../ipam/one-store.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import { lazyCluster } from "../../kubernetes/lazy-cluster.ts";
import { openNode } from "../../node/open-node.ts";
import { openStore } from "../../runtime/open-ports.ts";
import { type Finding, failed, finding, ok } from "./finding.ts";

/** What the checks need of a network, or of the node's own settings. */
export type Used = Pick<NetworkConfiguration, "node" | "store"> & {
  readonly space: string;
  readonly kubeConfig?: string;
};

/** Each store and each kubeconfig that is configured anywhere, once. */
export async function checkStores(used: readonly Used[], options: CallOptions): Promise<Finding[]> {
  const stores = new Map(used.map((each) => [JSON.stringify([each.store, each.space]), each]));
  const findings: Finding[] = [];
  for (const each of stores.values())
    findings.push(await finding(nameOf(each.store), () => checkStore(each, options)));
  const kubeConfigs = new Set(used.flatMap(({ kubeConfig }) => kubeConfig ?? []));
  for (const path of kubeConfigs)
    findings.push(await finding(`kubeconfig ${path}`, () => checkCluster(path, options)));
  return findings;
}

async function checkStore({ store: settings, node, space }: Used, options: CallOptions): Promise<Finding> {
  const store = await openStore(settings);
  try {
    const machine = openNode(node);
    const remembered = machine.storeMemory.recall(space);
    const snapshot = await store.read({ refs: [{ kind: "meta" }] }, options);
    const meta = verifyStore(snapshot, remembered, space, { store, node: machine, log: () => undefined });
    const found = `answers, ${meta === undefined ? "not initialised yet" : `store ${meta.record.uuid}`}, revision ${snapshot.revision}`;
    if (meta === undefined || meta.record.state === "ready") return ok(nameOf(settings), found);
    return failed(
      nameOf(settings),
      `is in state '${meta.record.state}'`,
      "wait until 'kube-ipam recover' has finished",
    );
  } finally {
    await store.close();
  }
}

async function checkCluster(kubeConfig: string, { deadline }: CallOptions): Promise<Finding> {
  const uid = await lazyCluster({ kubeConfig }).clusterUid(deadline);
  return ok(`kubeconfig ${kubeConfig}`, `the API server answers, cluster ${uid}`);
}

function nameOf(settings: StoreSettings): string {
  return settings.kind === "etcd"
    ? `etcd ${settings.endpoints.join(",")}`
    : `embedded store ${settings.dataDir}`;
}
