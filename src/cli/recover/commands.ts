import { type Command, Option } from "commander";
import { collect, withExamples, withOutput, withStoreOptions } from "../../command-line/common-options.ts";
import type { Done } from "../../command-line/run-commands.ts";
import { withSession } from "../session/open.ts";
import type { StoreOptions } from "../session/settings.ts";
import type { RecoverOptions } from "./options.ts";
import { recover } from "./recover.ts";

const AFTERWARDS_SECONDS = 300;

/** Adds `kube-ipam recover`, which fills a store that was lost, or restored from a backup. */
export function addRecoverCommand(program: Command, done: Done): void {
  const command = program
    .command("recover")
    .description(
      "fill a store that was lost, or restored from a backup: every node writes what its pods hold. No address is given " +
        "out until all nodes have answered; after --timeout, only those that silent nodes may hold stay refused. Can be " +
        "interrupted and run again, also by two operators at once",
    )
    .addOption(
      new Option("--nodes <names>", "wait for these nodes too, which Kubernetes does not know (NAME,NAME…)")
        .argParser(names)
        .default([], "none"),
    )
    .addOption(
      new Option("--forget <node>", "nothing on this node holds an address any more; may be repeated")
        .argParser(collect)
        .default([], "none"),
    )
    .option("--this-node", "only answer for this node, if no agent does")
    .option(
      "--status",
      "only print the store's state, who noticed that it was thrown back, and which nodes have answered",
    );
  withExamples(command, [
    ["kube-ipam recover --timeout 120", "after etcd was restored from a snapshot, or records were deleted"],
    ["kube-ipam recover --forget worker-7", "worker-7 never comes back: give out its addresses"],
    ["kube-ipam recover --this-node", "on a node without an agent"],
    [
      "kube-ipam recover --store kubernetes --kubeconfig operator.conf",
      "records in Kubernetes, from a laptop",
    ],
  ]);
  withOutput(withStoreOptions(command)).action(async (options: RecoverOptions & StoreOptions) => {
    // The work after the waiting takes time of its own.
    const patient = { ...options, timeout: options.timeout + AFTERWARDS_SECONDS };
    done(
      await withSession(patient, (session) => recover(options, session), {
        asksCluster: true,
        creates: true,
      }),
    );
  });
}

function names(text: string): string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}
