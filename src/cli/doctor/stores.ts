import type { NetworkConfiguration } from "../../config/network-configuration.ts";
import { describeMove, describeSuspicion } from "../../ipam/in-words.ts";
import { recallStore } from "../../ipam/integrity/identity.ts";
import { verifyStore } from "../../ipam/integrity/one-store.ts";
import { OUT_OF_MOVE, outOfSuspicion } from "../../ipam/integrity/ways-out.ts";
import { refTo } from "../../ipam/ref-to.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import { openNode } from "../../node/open-node.ts";
import type { ConfiguredStore } from "../../store/configured-store.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import { type Finding, failed, finding, ok, warning } from "./finding.ts";
import { checkMembers } from "./members.ts";

/** What the checks need to know of a network, or of the node's own settings. */
export type Used = Pick<NetworkConfiguration, "node" | "store"> & {
  readonly space: string;
  readonly kubeConfig?: string;
};

/** Checks each configured store once, and each member of an etcd. */
export async function checkStores(used: readonly Used[], options: CallOptions): Promise<Finding[]> {
  const stores = new Map(used.map((each) => [JSON.stringify([each.store, each.space]), each]));
  const findings: Finding[] = [];
  for (const each of stores.values())
    findings.push(await finding(configuredStore(each.store).title, () => checkStore(each, options)));
  const configured = [...stores.values()].map(({ store }) => configuredStore(store));
  for (const each of new Map(configured.map((each) => [each.title, each])).values())
    findings.push(...(await checkMembers(each, options)), ...(await prerequisitesOf(each, options)));
  return findings;
}

/** Where the store does not even answer, its own finding says so. */
async function prerequisitesOf(
  { description: { location }, prerequisites }: ConfiguredStore,
  options: CallOptions,
): Promise<Finding[]> {
  const found = (await prerequisites?.(options).catch(() => [])) ?? [];
  return found.map(({ found, name, problem }) => {
    const check = `${name} by ${location}`;
    if (problem === undefined) return ok(check, found);
    return (problem.isGrave ? failed : warning)(check, found, problem.remedy);
  });
}

async function checkStore({ store: settings, node, space }: Used, options: CallOptions): Promise<Finding> {
  const { open, title, tryWriting } = configuredStore(settings);
  const store = await open();
  try {
    const machine = openNode(node);
    const remembered = recallStore(space, { node: machine, store });
    const snapshot = await store.read({ refs: [refTo.meta], exact: true }, options);
    const meta = verifyStore(snapshot, remembered, space, {
      store,
      node: machine,
      log: () => undefined,
      random: Math.random,
    });
    await tryWriting?.(store, space, options);
    const found = `answers, ${meta === undefined ? "not initialised yet" : `store ${meta.record.uuid}`}, revision ${snapshot.revision}`;
    if (meta === undefined || meta.record.state === "ready") return ok(title, found);
    if (meta.record.state === "suspect")
      return failed(
        title,
        `gives out no addresses: ${describeSuspicion(meta.record)}`,
        outOfSuspicion(meta.record),
      );
    if (meta.record.state === "moved") return failed(title, describeMove(meta.record), OUT_OF_MOVE);
    return failed(
      title,
      `is in state '${meta.record.state}'`,
      "wait until 'kube-ipam recover' has ended, or run it",
    );
  } finally {
    await store.close();
  }
}
