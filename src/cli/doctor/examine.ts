import { existsSync } from "node:fs";
import { EXIT_CODES } from "../failure.ts";
import { type Column, type Format, printItems } from "../output.ts";
import { type StoreOptions, settingsOf } from "../settings.ts";
import { type Finding, finding } from "./finding.ts";
import { checkFolders } from "./folders.ts";
import { checkInstallation, checkMachine } from "./machine.ts";
import { checkNetworks } from "./networks.ts";
import { checkStores, type Used } from "./stores.ts";

export interface DoctorOptions extends StoreOptions {
  readonly output: Format;
  readonly binDir: string;
  readonly confDir: string;
}

const COLUMNS: readonly Column<Finding>[] = [
  { title: "RESULT", of: ({ result }) => result },
  { title: "CHECK", of: ({ check }) => check },
  { title: "FOUND", of: ({ found, remedy }) => (remedy === undefined ? found : `${found}. Do: ${remedy}`) },
];

/** `doctor`: looks at each thing that kube-ipam needs on this node, and says what to do. Changes nothing. */
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
  // A store that no network uses yet need not be there.
  const used = isBegun(own.used) ? [own.used, ...networks] : networks.filter(isBegun);
  const deadline = performance.now() + options.timeout * 1000;
  return [
    ...(await each("machine", () => checkMachine(node))),
    ...(await each("installation", () => checkInstallation(options.binDir))),
    ...(await each("folders", () => checkFolders(node))),
    ...findings,
    ...(await checkStores(used, { deadline })),
  ];
}

async function ownSettings(options: StoreOptions): Promise<{ used: Used } | { failure: Finding }> {
  let used: Used | undefined;
  const failure = await finding("configuration", () => {
    const { node, store, space } = settingsOf(options);
    used = { node, store, space };
    return { check: "configuration", result: "ok", found: "fine" };
  });
  return used === undefined ? { failure } : { used };
}

/** Looking must not make an embedded store. */
function isBegun({ store }: Used): boolean {
  return store.kind === "etcd" || existsSync(`${store.dataDir}/kube-ipam.db`);
}

async function each(check: string, work: () => Promise<Finding[]> | Finding[]): Promise<Finding[]> {
  let found: Finding[] = [];
  const failure = await finding(check, async () => {
    found = await work();
    return { check, result: "ok", found: "" };
  });
  return failure.result === "ok" ? found : [failure];
}
