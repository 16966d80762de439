import { readdirSync, readFileSync, statSync } from "node:fs";
import { readConfiguration } from "../../command-line/read-configuration.ts";
import type { NetworkConfiguration } from "../../config/network-configuration.ts";
import { parseNetworkConfiguration } from "../../config/parse/parse-network-configuration.ts";
import { parseNodeConfiguration } from "../../config/parse/parse-node-configuration.ts";
import type { NodeFileText } from "../../config/settings/node-file.ts";
import { readNodeFile } from "../../runtime/node-file.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import { type Finding, failed, finding, ok, warning } from "./finding.ts";

export interface Networks {
  readonly findings: readonly Finding[];
  readonly configurations: readonly NetworkConfiguration[];
}

/** The node's file, and every network in the runtime's folder that kube-ipam serves. */
export async function checkNetworks(folder: string): Promise<Networks> {
  const nodeFile = await finding("node's file", checkNodeFile);
  const findings: Finding[] = [nodeFile];
  const configurations: NetworkConfiguration[] = [];
  for (const path of configurationsIn(folder)) {
    findings.push(
      await finding(`network ${path}`, () => {
        const configuration = parse(path);
        configurations.push(configuration);
        return judged(path, configuration);
      }),
    );
  }
  if (findings.length === 1) {
    findings.push(
      warning(
        `networks in ${folder}`,
        "no configuration names kube-ipam",
        "'kube-ipam --outputconf macvlan' prints one to start from; with Multus it stands in a NetworkAttachmentDefinition",
      ),
    );
  }
  return { findings, configurations };
}

function checkNodeFile(): Finding {
  const file = readNodeFile();
  if (file === undefined) return ok("node's file", "none: each network says all itself");
  const { warnings } = parseNodeConfiguration(file);
  const unsafe = judgeAccess(file);
  if (unsafe !== undefined) return unsafe;
  return warnings.length === 0
    ? ok(`node's file ${file.path}`, "fine")
    : warning(`node's file ${file.path}`, warnings.join("; "), "correct the keys, or remove them");
}

/** Who may write this file is root on the node; everybody may read it, so that it must hold no secret. */
function judgeAccess({ path, text }: NodeFileText): Finding | undefined {
  const { mode, uid } = statSync(path);
  const check = `node's file ${path}`;
  if (uid !== 0 || (mode & 0o022) !== 0) {
    const found = `may be written by others than root (owner ${uid}, mode ${(mode & 0o777).toString(8)})`;
    return failed(check, found, `chown root ${path} && chmod 644 ${path}`);
  }
  if (!/"password"\s*:/.test(text) || (mode & 0o077) === 0) return undefined;
  const remedy = `put it into a file of root's and name that: "passwordFile"; or chmod 600 ${path}`;
  return warning(check, "holds a password that every user of this node can read", remedy);
}

function judged(path: string, { network, store, node, kubernetes, warnings }: NetworkConfiguration): Finding {
  const name = `network '${network.name}' ${path}`;
  if (warnings.length > 0) return warning(name, warnings.join("; "), "correct the keys, or remove them");
  const { description, title } = configuredStore(store);
  if (!description.shared && !node.nodeLocal) {
    return warning(
      name,
      "pods would be refused: the embedded store is one node's, and nothing says that each node has ranges of its own",
      "name etcd in etcdConfig; or set nodeLocal to true where each node has ranges of its own, or there is one node",
    );
  }
  if (
    kubernetes.annotations === "auto" &&
    !kubernetes.capabilityDeclared &&
    kubernetes.kubeConfig === undefined
  ) {
    return warning(
      name,
      "what a pod asks for could not be read: neither pod annotations nor a kubeconfig",
      'add "capabilities": {"io.kubernetes.cri.pod-annotations": true}, or kubeConfig; or annotations: "off"',
    );
  }
  return ok(name, title);
}

/** As a STATUS would read it. The runtime takes what a file says, so its name is of no matter here. */
function parse(path: string): NetworkConfiguration {
  const given = readConfiguration(path);
  const stdin = given.kind === "network" ? given.stdin : "";
  return parseNetworkConfiguration({ stdin, nodeFile: nodeFileOrNone(), purpose: "add" });
}

/** What is wrong with the node's file is told once. */
function nodeFileOrNone(): NodeFileText | undefined {
  try {
    return readNodeFile();
  } catch {
    return undefined;
  }
}

function configurationsIn(folder: string): string[] {
  const names = namesIn(folder).filter((name) => /\.(conf|conflist|json)$/.test(name));
  return names
    .map((name) => `${folder}/${name}`)
    .filter((path) => readFileSync(path, "utf8").includes('"kube-ipam"'));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
