import type { Command } from "commander";
import { withExamples } from "../../command-line/common-options.ts";
import type { Done } from "../../command-line/run-commands.ts";
import { endingSignal } from "../../runtime/daemon.ts";
import { type InstallOptions, install } from "./install.ts";
import { linkKubectlPlugin } from "./kubectl-plugin.ts";
import { type PurgeOptions, purge, uninstall } from "./uninstall.ts";

/** Adds `kube-ipam install`, which puts shim and plugin where the runtime looks. */
export function addInstallCommand(program: Command, done: Done): void {
  const command = program.command("install");
  withExamples(command, [
    ["kube-ipam install --bin-dir /opt/cni/bin", "on a node, as root"],
    ["kube-ipam install --uninstall", "back to the complete plugin, without an agent"],
  ]);
  command
    .description("install the shim and the complete plugin into the runtime's folder")
    .option("--bin-dir <folder>", "folder where the runtime looks for plugins", "/opt/cni/bin")
    .option("--shim <file>", "the shim (default: kube-ipam-shim beside this program)")
    .option(
      "--no-fallback",
      "install no complete plugin, and remove one that is there; without an agent the runtime then gets error 11, and " +
        "--uninstall leaves no plugin",
    )
    .option(
      "--node-file <file>",
      "install this file as config.json in --etc-dir, with this node's name in it",
    )
    .option(
      "--node-name <name>",
      "name of this node for --node-file (default: $NODE_NAME, else nodeName of the file, else the host name)",
    )
    .option("--etc-dir <folder>", "folder where the plugin looks for the node's file", "/etc/kube-ipam")
    .option("--network <file>", "install this network's configuration into --conf-dir, as the last step")
    .option("--conf-dir <folder>", "folder where the runtime looks for networks", "/etc/cni/net.d")
    .option("--uninstall", "remove the shim; the complete plugin beside it, if there is one, takes its place")
    .option(
      "--purge",
      "remove plugin, node's file, credentials and --network, unless a pod of this node needs the plugin for its " +
        "DEL; an embedded store, kept DELs, journal and log stay",
    )
    .option("--force", "with --purge: even if pods need the plugin")
    .option("--kubectl-plugin <folder>", "only link this program as kubectl-ipam in this folder of $PATH")
    .option("--wait", "then wait for SIGTERM, as the container of a DaemonSet must")
    .action(async (options: Options) => {
      done(perform(options));
      if (options.wait === true) await endingSignal();
    });
}

interface Options extends InstallOptions, PurgeOptions {
  readonly uninstall?: boolean;
  readonly purge?: boolean;
  readonly wait?: boolean;
  readonly kubectlPlugin?: string;
}

function perform(options: Options): number {
  if (options.kubectlPlugin !== undefined) return linkKubectlPlugin(options.kubectlPlugin);
  if (options.purge === true) return purge(options);
  return options.uninstall === true ? uninstall(options) : install(options);
}
