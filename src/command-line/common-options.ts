import { type Command, InvalidArgumentError, Option } from "commander";
import { cniNameFault } from "../config/text/cni-name.ts";
import { FORMATS } from "./output.ts";

/** Adds the options that name the store, the cluster and this node: the same for every command that opens a store. */
export function withStoreOptions(command: Command): Command {
  return withTimeout(command)
    .option(
      "--config <file>",
      "configuration of a network, or the node's file (default: $KUBE_IPAM_CONFIG, else /etc/kube-ipam/config.json)",
    )
    .addOption(
      new Option(
        "--store <kind>",
        "which store: objects of the cluster's own API, etcd, or a file of this node (default: as configured)",
      ).choices(["kubernetes", "etcd", "embedded"]),
    )
    .option(
      "--kubeconfig <file>",
      "kubeconfig of the cluster (default: kubeConfig of the configuration, else $KUBECONFIG, else the service account of this pod, else, where the cluster's API is the store, ~/.kube/config)",
    )
    .option("--context <name>", "context of the kubeconfig (default: its current one)")
    .option(
      "--data-dir <folder>",
      "use the embedded store in this folder; beside --store or --etcd-url only this node's own folder (default: /var/lib/kube-ipam)",
    )
    .option(
      "--etcd-url <urls>",
      "use etcd at these endpoints (such as https://10.1.2.3:2379,https://10.1.2.4:2379)",
    )
    .option("--etcd-cert <file>", "client certificate for etcd (PEM)")
    .option("--etcd-key <file>", "private key of the client certificate (PEM)")
    .option("--etcd-ca <file>", "authority that signed etcd's certificates (PEM)")
    .option("--etcd-prefix <prefix>", "prefix of kube-ipam's keys in etcd (default: /kube-ipam/v1)")
    .option("--etcd-user <name>", "user name for etcd")
    .option("--etcd-password-file <file>", "file with the password of that user")
    .option("--run-dir <folder>", "folder of this node's journal and locks (default: /run/kube-ipam)")
    .option(
      "--node-name <name>",
      "name of this node (default: nodeName of the configuration, else $NODE_NAME, else the host name)",
    );
}

/** Adds `--timeout`, in seconds; above 0, at most a day. */
export function withTimeout(command: Command): Command {
  return command.option("--timeout <seconds>", "give up after this many seconds", secondsUpTo(86_400), 30);
}

/** Adds `--output`. */
export function withOutput(command: Command): Command {
  return command.addOption(
    new Option("-o, --output <format>", "output format").choices(FORMATS).default("table"),
  );
}

/** Adds `--space`, which names an address space. */
export function withSpace(command: Command, what: string): Command {
  return command.option("--space <space>", what, readSpaceName);
}

function readSpaceName(text: string): string {
  const fault = cniNameFault(text);
  if (fault === undefined) return text;
  throw new InvalidArgumentError(`it cannot be an address space: ${fault}.`);
}

/**
 * Adds examples to the help, each with its purpose. An example that does not begin with a program is
 * printed after the command's own name, so that `kube-ipam ip` and `kubectl ipam` can share it.
 */
export function withExamples(command: Command, examples: readonly (readonly [string, string])[]): Command {
  return command.addHelpText("after", () => {
    const lines = examples.map(
      ([line, what]) => [PROGRAM.test(line) ? line : `${pathOf(command)} ${line}`.trim(), what] as const,
    );
    const width = Math.max(...lines.map(([line]) => line.length));
    return `\nExamples:\n${lines.map(([line, what]) => `  ${line.padEnd(width)}  ${what}`).join("\n")}`;
  });
}

const PROGRAM = /^(kube-ipam|source) /;

/** The full name of a command: "kube-ipam ip list". */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** Parses an option that may be repeated. */
export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** Reads an option's seconds: at most `most`, and 0 only where it has a meaning. */
export function secondsUpTo(most: number, zero?: "or none"): (text: string) => number {
  return (text) => {
    const seconds = text.trim() === "" ? Number.NaN : Number(text);
    if ((seconds > 0 || (seconds === 0 && zero !== undefined)) && seconds <= most) return seconds;
    throw new InvalidArgumentError(`expected a number of seconds up to ${most}, such as 30`);
  };
}
