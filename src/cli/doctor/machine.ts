import { existsSync, readdirSync } from "node:fs";
import { VERSION } from "../../command-line/release.ts";
import type { NodeSettings } from "../../config/network-configuration.ts";
import { countKept } from "../../node/kept-releases.ts";
import { looksFromHost } from "../../node/namespaces.ts";
import { nodeNameFault } from "../../node/node-name.ts";
import { openNode } from "../../node/open-node.ts";
import { type Finding, failed, ok, warning } from "./finding.ts";

/** Checks the machine: user, node name, and whether this process sees what the container runtime sees. */
export function checkMachine(settings: NodeSettings): Finding[] {
  return [checkRoot(), checkNode(settings), checkMountNamespace()];
}

function checkRoot(): Finding {
  if (process.getuid?.() === 0) return ok("user", "root, as the container runtime");
  return warning(
    "user",
    "not root: some checks may find other things than the plugin will",
    "run it with sudo",
  );
}

function checkNode(settings: NodeSettings): Finding {
  const { name, bootId, journal } = openNode(settings);
  const fault = nodeNameFault(settings.nodeName);
  if (fault !== undefined) return failed(`node name ${name}`, fault.message, fault.details);
  const kept = countKept(settings.dataDir);
  const found = `boot ${bootId}, ${journal.list().length} attachments in the journal`;
  if (kept === 0) return ok(`node ${name}`, found);
  return warning(
    `node ${name}`,
    `${found}; ${kept} DELs wait for the store`,
    "the next plugin run that reaches the store replays them",
  );
}

/** Does not compare with process 1: in a container that is the container's own. */
function checkMountNamespace(): Finding {
  if (looksFromHost()) return ok("mount namespace", "the host's");
  return warning(
    "mount namespace",
    "not the host's, as in a container: folders may differ from those that the plugin sees",
    "run this on the host, as /opt/cni/bin/kube-ipam doctor; for the chart's agent this is normal",
  );
}

/** Checks that the plugin lies where the runtime looks, beside a main plugin that delegates to it. */
export async function checkInstallation(folder: string): Promise<Finding[]> {
  const plugin = `${folder}/kube-ipam`;
  if (!existsSync(plugin)) {
    return [
      failed(
        `plugin ${plugin}`,
        "is not there",
        `copy this executable: install -D ${process.execPath} ${plugin}.new && mv ${plugin}.new ${plugin}`,
      ),
    ];
  }
  const others = readdirSync(folder).filter((name) => MAIN_PLUGINS.includes(name));
  return [
    await checkVersion(plugin),
    others.length > 0
      ? ok(`main plugins in ${folder}`, others.join(", "))
      : failed(`main plugins in ${folder}`, "there is none", "install containernetworking-plugins"),
  ];
}

const MAIN_PLUGINS = ["bridge", "calico", "host-device", "ipvlan", "macvlan", "ptp", "vlan"];

async function checkVersion(plugin: string): Promise<Finding> {
  const child = Bun.spawn([plugin, "--version"], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
    env: {},
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
  const [text] = await Promise.all([child.stdout.text(), child.exited]);
  clearTimeout(timer);
  const [, version] = /kube-ipam v(\S+)/.exec(text) ?? [];
  if (version === VERSION) return ok(`plugin ${plugin}`, `version ${version}`);
  return warning(
    `plugin ${plugin}`,
    version === undefined ? "does not print its version" : `is version ${version}, this one is ${VERSION}`,
    "install one version on all nodes",
  );
}
