import type { Command } from "commander";
import {
  secondsUpTo,
  withExamples,
  withKubernetes,
  withOutput,
  withStoreOptions,
} from "../../command-line/common-options.ts";
import type { Done } from "../../command-line/run-commands.ts";
import { withSession } from "../open.ts";
import type { StoreOptions } from "../settings.ts";
import { type CheckOptions, check } from "./check.ts";

/** `kube-ipam check`: the store against what lives. */
export function addCheckCommand(program: Command, done: Done): void {
  const command = program
    .command("check")
    .description(
      "compare the store with live pods, nodes and this node's network namespaces: leaks, duplicates, addresses " +
        "in use that nobody holds, records that contradict each other. Changes nothing; exit code 1 when something is wrong",
    )
    .option(
      "--settle <seconds>",
      "how long something must look wrong before it is reported",
      secondsUpTo(86_400, "or none"),
      5,
    )
    .option("--store-only", "ask neither Kubernetes nor this node")
    .option("--conf-dir <folder>", "networks beside those that the store knows", "/etc/cni/net.d");
  withExamples(command, [
    ["kube-ipam check --kubeconfig admin.conf", "everything"],
    ["kube-ipam check --settle 60 -o json", "for a program, after pods were moved"],
  ]);
  withOutput(withKubernetes(withStoreOptions(command))).action(
    async (options: CheckOptions & StoreOptions) => {
      // What settles takes time of its own.
      const patient = { ...options, timeout: options.timeout + options.settle };
      done(await withSession(patient, (session) => check(options, session)));
    },
  );
}
