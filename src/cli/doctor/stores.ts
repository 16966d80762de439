import type { NetworkConfiguration, StoreSettings } from "../../config/network-configuration.ts";
import { verifyStore } from "../../ipam/integrity/one-store.ts";
import { refTo } from "../../ipam/ref-to.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import { openNode } from "../../node/open-node.ts";
import { openStore } from "../../runtime/open-ports.ts";
import { checkMembers, checkWriting } from "./etcd.ts";
import { type Finding, failed, finding, ok } from "./finding.ts";

/** What the checks need of a network, or of the node's own settings. */
export type Used = Pick<NetworkConfiguration, "node" | "store"> & {
  readonly space: string;
  readonly kubeConfig?: string;
};

/** Each store that is configured anywhere, once. */
export async function checkStores(used: readonly Used[], options: CallOptions): Promise<Finding[]> {
  const stores = new Map(used.map((each) => [JSON.stringify([each.store, each.space]), each]));
  const findings: Finding[] = [];
  for (const each of stores.values())
    findings.push(await finding(nameOf(each.store), () => checkStore(each, options)));
  const etcds = new Map([...stores.values()].map(({ store }) => [nameOf(store), store]));
  for (const store of etcds.values())
    if (store.kind === "etcd") findings.push(...(await checkMembers(store, options)));
  return findings;
}

async function checkStore({ store: settings, node, space }: Used, options: CallOptions): Promise<Finding> {
  const store = await openStore(settings);
  try {
    const machine = openNode(node);
    const remembered = machine.storeMemory.recall(space);
    const snapshot = await store.read({ refs: [refTo.meta] }, options);
    const meta = verifyStore(snapshot, remembered, space, {
      store,
      node: machine,
      log: () => undefined,
      random: Math.random,
    });
    if (settings.kind === "etcd") await checkWriting(store, space, options);
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

function nameOf(settings: StoreSettings): string {
  return settings.kind === "etcd"
    ? `etcd ${settings.endpoints.join(",")}`
    : `embedded store ${settings.dataDir}`;
}
