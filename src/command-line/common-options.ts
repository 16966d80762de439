import { type Command, InvalidArgumentError, Option } from "commander";
import { FORMATS } from "./output.ts";

/** Which store, and which node this is: the same for every command that opens one. */
export function withStoreOptions(command: Command): Command {
  return withTimeout(command)
    .option(
      "--config <file>",
      "a network's configuration, or the node's file (default: $KUBE_IPAM_CONFIG, else /etc/kube-ipam/config.json)",
    )
    .option("--data-dir <folder>", "the embedded store in this folder (default: /var/lib/kube-ipam)")
    .option("--etcd-url <urls>", "the store in etcd, as https://10.1.2.3:2379,https://10.1.2.4:2379")
    .option("--etcd-cert <file>", "client certificate for etcd")
    .option("--etcd-key <file>", "key of the client certificate")
    .option("--etcd-ca <file>", "who signed etcd's certificates")
    .option("--etcd-prefix <prefix>", "where our keys begin (default: /kube-ipam/v1)")
    .option("--etcd-user <name>", "user name for etcd")
    .option("--etcd-password-file <file>", "file with that user's password")
    .option("--run-dir <folder>", "this node's journal and locks (default: /run/kube-ipam)")
    .option(
      "--node-name <name>",
      "this node's name (default: as configured, else $NODE_NAME, else the host name)",
    );
}

export function withTimeout(command: Command): Command {
  return command.option("--timeout <seconds>", "give up after so long", secondsUpTo(86_400), 30);
}

export function withOutput(command: Command): Command {
  return command.addOption(
    new Option("-o, --output <format>", "how to print").choices(FORMATS).default("table"),
  );
}

export function withSpace(command: Command, what: string): Command {
  return command.option("--space <space>", what);
}

export function withKubernetes(command: Command): Command {
  return command.option(
    "--kubeconfig <file>",
    "the cluster (default: as configured, else $KUBECONFIG, else this pod's service account)",
  );
}

/**
 * Each example with what it is for. One that does not begin with a program is what follows the
 * command's own name, under whichever program that is.
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

/** "kube-ipam ip list" */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** For an option that may be repeated. */
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
