import { EXIT_CODES } from "../../command-line/failure.ts";
import { type Column, type Format, printItems } from "../../command-line/output.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import { sourceOf } from "../../kubernetes/credentials/credentials.ts";
import { openNode } from "../../node/open-node.ts";
import { configuredCluster } from "../../runtime/open-ports.ts";
import type { ClusterAccess } from "../../store/configured-store.ts";
import { isBegun } from "../../store/kinds/begun.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import { clusterSettings, type KubernetesOptions } from "../session/cluster-settings.ts";
import { type StoreOptions, settingsOf } from "../session/settings.ts";
import { checkAgent, checkNamespaceFolder } from "./agent.ts";
import { type ClusterUse, checkCluster } from "./clusters.ts";
import { type Finding, finding } from "./finding.ts";
import { checkFolders } from "./folders.ts";
import { checkInstallation, checkMachine } from "./machine.ts";
import { checkNetworks } from "./networks.ts";
import { checkPools } from "./pools.ts";
import { checkStores, type Used } from "./stores.ts";

export interface DoctorOptions extends StoreOptions, KubernetesOptions {
  readonly output: Format;
  readonly binDir: string;
  readonly confDir: string;
}

const COLUMNS: readonly Column<Finding>[] = [
  { title: "RESULT", of: ({ result }) => result },
  { title: "CHECK", of: ({ check }) => check },
  { title: "FOUND", of: ({ found, remedy }) => (remedy === undefined ? found : `${found}. Do: ${remedy}`) },
];

/** `doctor`: checks what kube-ipam needs on this node, and prints what to do. Changes nothing. Returns the exit code. */
export async function examine(options: DoctorOptions): Promise<number> {
  const findings = await findAll(options);
  await printItems(findings, COLUMNS, options.output);
  return findings.some(({ result }) => result === "FAILED") ? EXIT_CODES.failed : EXIT_CODES.done;
}

async function findAll(options: DoctorOptions): Promise<Finding[]> {
  const { findings, configurations } = await checkNetworks(options.confDir);
  const own = await ownSettings(options);
  if ("failure" in own) return [...findings, own.failure];
  const { node } = own.used;
  const networks = configurations.map(({ node: settings, store, network, kubernetes }): Used => {
    const { kubeConfig } = kubernetes;
    return { node: settings, store, space: network.space, ...(kubeConfig !== undefined && { kubeConfig }) };
  });
  // A store that no network uses yet need not be there, and looking must not make it.
  const used = isBegun(own.used.store)
    ? [own.used, ...networks]
    : networks.filter(({ store }) => isBegun(store));
  const deadline = performance.now() + options.timeout * 1000;
  return [
    ...(await each("machine", () => [...checkMachine(node), checkNamespaceFolder()])),
    ...(await each("installation", () => checkInstallation(options.binDir))),
    ...(await each("agent", () => checkAgent(options.binDir))),
    ...(await each("folders", () => checkFolders(node))),
    ...findings,
    ...(await checkStores(used, { deadline })),
    ...(await checkClusters(options, own.used, networks, { deadline })),
    ...(await each("pools of the cluster", () => checkPools())),
  ];
}

/** Each kubeconfig that the plugin uses, and the operator's own: named by an option, or found as kubectl finds it. */
async function checkClusters(
  given: DoctorOptions,
  own: Used,
  networks: readonly Used[],
  options: CallOptions,
): Promise<Finding[]> {
  const ofOperator =
    given.kubeconfig === undefined && given.context === undefined
      ? foundBy(own)
      : clusterSettings(given, own.kubeConfig);
  const ofPlugin = new Set([own, ...networks].flatMap(({ kubeConfig }) => kubeConfig ?? []));
  const uses = [
    ...[...ofPlugin].map((path): ClusterUse => ({ name: path, ...configuredCluster(path), by: "plugin" })),
    ...(ofOperator === undefined
      ? []
      : [{ name: nameOf(ofOperator), ...ofOperator, by: "operator" } as const]),
  ];
  const findings: Finding[] = [];
  for (const use of uses) {
    findings.push(
      ...(await each(use.name, () => {
        const { name, bootId } = openNode(own.node);
        return checkCluster(use, { name, bootId }, options);
      })),
    );
  }
  return findings;
}

/** Credentials for the store that nobody has configured. */
function foundBy({ kubeConfig, store }: Used): ClusterAccess | undefined {
  const found = configuredStore(store).ofCluster?.settings;
  const isOperators = found?.kubeConfigs !== undefined || found?.kubeConfig !== kubeConfig;
  return isOperators ? found : undefined;
}

function nameOf(cluster: ClusterAccess): string {
  const { context } = cluster;
  return `${sourceOf(cluster)}${context === undefined ? "" : ` (context ${context})`}`;
}

async function ownSettings(options: StoreOptions): Promise<{ used: Used } | { failure: Finding }> {
  let used: Used | undefined;
  const failure = await finding("configuration", () => {
    const { node, store, space, kubeConfig } = settingsOf(options);
    used = { node, store, space, ...(kubeConfig !== undefined && { kubeConfig }) };
    return { check: "configuration", result: "ok", found: "fine" };
  });
  return used === undefined ? { failure } : { used };
}

async function each(check: string, work: () => Promise<Finding[]> | Finding[]): Promise<Finding[]> {
  let found: Finding[] = [];
  const failure = await finding(check, async () => {
    found = await work();
    return { check, result: "ok", found: "" };
  });
  return failure.result === "ok" ? found : [failure];
}
