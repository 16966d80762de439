import { statSync } from "node:fs";
import { CAPS } from "../../address/caps.ts";
import { withOwnFolders } from "../../cni/own-folders.ts";
import { printErr } from "../../command-line/print.ts";
import type { NetworkConfiguration } from "../../config/network-configuration.ts";
import { parseNetworkConfiguration } from "../../config/parse/parse-network-configuration.ts";
import { parseNodeConfiguration } from "../../config/parse/parse-node-configuration.ts";
import type { NodeFileText } from "../../config/settings/node-file.ts";
import { nodeFileFor } from "../../runtime/cluster-pools.ts";
import { readNodeFile } from "../../runtime/node-file.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import { readNetworkFolder } from "../session/network-folder.ts";
import { type Finding, failed, finding, ok, warning } from "./finding.ts";

export interface Networks {
  readonly findings: readonly Finding[];
  readonly configurations: readonly NetworkConfiguration[];
  /** Those of the findings that are about an entry of the folder that was not read, or cannot be used. */
  readonly unread: readonly Finding[];
}

/** Checks the node's file, and every network in the runtime's folder that names kube-ipam. Never throws. */
export async function checkNetworks(folder: string): Promise<Networks> {
  const nodeFile = await finding("node's file", checkNodeFile);
  const findings: Finding[] = [nodeFile];
  const unread: Finding[] = [];
  const configurations: NetworkConfiguration[] = [];
  const read = [...readNetworkFolder(folder)];
  const file = await nodeFileOrNone(read.flatMap(({ networks }) => networks.map(({ stdin }) => stdin)));
  for (const { path, networks, remark, fault } of read) {
    if (remark !== undefined) unread.push(warning(path, remark.found, remark.remedy));
    if (fault !== undefined) unread.push(await finding(`network ${path}`, () => Promise.reject(fault)));
    for (const { stdin } of networks) {
      const judgement = await finding(`network ${path}`, () => {
        const configuration = parse(stdin, file);
        configurations.push(configuration);
        return judged(path, configuration);
      });
      (judgement.result === "FAILED" ? unread : findings).push(judgement);
    }
  }
  if (![...findings, ...unread].some(({ check }) => check.startsWith("network "))) {
    findings.push(
      warning(
        `networks in ${folder}`,
        "no configuration names kube-ipam",
        "'kube-ipam --outputconf macvlan' prints one to start from; with Multus, put it into a NetworkAttachmentDefinition",
      ),
    );
  }
  return { findings: [...findings, ...unread], configurations, unread };
}

/** Prints, for a command that needs the networks alone, what it could not read of the folder; `doctor` tells all of it. */
export function printUnread({ unread }: Networks): void {
  for (const { check, found } of unread.slice(0, CAPS.warnings)) printErr(`warning: ${check}: ${found}`);
  if (unread.length > CAPS.warnings)
    printErr(`warning: and ${unread.length - CAPS.warnings} more; see 'kube-ipam doctor'`);
}

function checkNodeFile(): Finding {
  const file = readNodeFile();
  if (file === undefined) return ok("node's file", "none: each network's configuration has all settings");
  const { pools, poolsOnly, warnings } = parseNodeConfiguration(file);
  const unsafe = judgeAccess(file);
  if (unsafe !== undefined) return unsafe;
  const check = `node's file ${file.path}`;
  if (warnings.length > 0) return warning(check, warnings.join("; "), "correct the keys, or remove them");
  if (!poolsOnly) return ok(check, "fine");
  return pools.length === 0
    ? warning(
        check,
        "poolsOnly lets networks use pools only, and there is none",
        'define one in "pools", or remove poolsOnly',
      )
    : ok(check, `fine; networks use its pools only: ${pools.map(({ name }) => name).join(", ")}`);
}

/** A user who can write this file is as good as root on the node; every user can read it, so it must hold no secret. */
function judgeAccess({ path, text }: NodeFileText): Finding | undefined {
  const { mode, uid } = statSync(path);
  const check = `node's file ${path}`;
  if (uid !== 0 || (mode & 0o022) !== 0) {
    const found = `may be written by others than root (owner ${uid}, mode ${(mode & 0o777).toString(8)})`;
    return failed(check, found, `chown root ${path} && chmod 644 ${path}`);
  }
  if (!/"password"\s*:/i.test(text) || (mode & 0o077) === 0) return undefined;
  const remedy = `put it into a file that only root can read, and name that in "passwordFile"; or chmod 600 ${path}`;
  return warning(check, "holds a password that every user of this node can read", remedy);
}

function judged(path: string, { network, store, node, kubernetes, warnings }: NetworkConfiguration): Finding {
  const name = `network '${network.name}' ${path}`;
  if (warnings.length > 0) return warning(name, warnings.join("; "), "correct the keys, or remove them");
  const { description, title } = configuredStore(store);
  if (!description.shared && !node.nodeLocal) {
    return warning(
      name,
      "pods would be refused: the embedded store serves one node, and nodeLocal does not say that each node has ranges of its own",
      'set store to "kubernetes", or name etcd in etcdConfig; or set nodeLocal to true if each node has ranges of its own, or if there is one node',
    );
  }
  if (
    kubernetes.annotations === "auto" &&
    !kubernetes.capabilityDeclared &&
    kubernetes.kubeConfig === undefined
  ) {
    return warning(
      name,
      "kube-ipam could not read what a pod asks for: it has neither pod annotations nor a kubeconfig",
      'add "capabilities": {"io.kubernetes.cri.pod-annotations": true}, or kubeConfig; or annotations: "off"',
    );
  }
  return ok(name, title);
}

/** Parses a network as a STATUS does. The file's own name does not matter to the runtime. */
function parse(stdin: string, nodeFile: NodeFileText | undefined): NetworkConfiguration {
  return withOwnFolders(parseNetworkConfiguration({ stdin, nodeFile, purpose: "add" }), "STATUS");
}

/** Undefined also where the file is wrong: another check reports that. */
async function nodeFileOrNone(texts: readonly string[]): Promise<NodeFileText | undefined> {
  try {
    return await nodeFileFor(texts);
  } catch {
    return undefined;
  }
}
