import type { Command } from "commander";
import {
  secondsUpTo,
  withExamples,
  withOutput,
  withStoreOptions,
} from "../../command-line/common-options.ts";
import type { Done } from "../../command-line/run-commands.ts";
import { withSession } from "../session/open.ts";
import type { StoreOptions } from "../session/settings.ts";
import { type CheckOptions, check } from "./check.ts";

/** Adds `kube-ipam check`, which compares the store with the cluster and this node. */
export function addCheckCommand(program: Command, done: Done): void {
  const command = program
    .command("check")
    .description(
      "compare the store with pods, nodes and this node's network namespaces: find leaks, duplicates, addresses in " +
        "use without an allocation, and records that contradict each other. Changes nothing; exit code 1 when something is wrong",
    )
    .option(
      "--settle <seconds>",
      "report only what looks wrong for this many seconds",
      secondsUpTo(86_400, "or none"),
      5,
    )
    .option("--store-only", "compare the records only with each other; ask neither Kubernetes nor this node")
    .option("--conf-dir <folder>", "folder with networks that the store may not know", "/etc/cni/net.d");
  withExamples(command, [
    ["kube-ipam check --kubeconfig admin.conf", "the whole cluster"],
    ["kube-ipam check --store kubernetes --context prod", "the same from a laptop, records in Kubernetes"],
    ["kube-ipam check --settle 60 -o json", "for a script, soon after many pods moved"],
  ]);
  withOutput(withStoreOptions(command)).action(async (options: CheckOptions & StoreOptions) => {
    // Settling takes time of its own.
    const patient = { ...options, timeout: options.timeout + options.settle };
    done(await withSession(patient, (session) => check(options, session), { asksCluster: true }));
  });
}
