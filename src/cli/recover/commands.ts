import type { Command } from "commander";
import {
  collect,
  withExamples,
  withKubernetes,
  withOutput,
  withStoreOptions,
} from "../../command-line/common-options.ts";
import type { Done } from "../../command-line/run-commands.ts";
import { withSession } from "../open.ts";
import type { StoreOptions } from "../settings.ts";
import type { RecoverOptions } from "./options.ts";
import { recover } from "./recover.ts";

const AFTERWARDS_SECONDS = 300;

/** `kube-ipam recover`: a store that was lost, or restored from a backup. */
export function addRecoverCommand(program: Command, done: Done): void {
  const command = program
    .command("recover")
    .description(
      "after the store was lost, or restored from a backup: every node tells it what its pods hold. Until all have, no " +
        "address is given out; after --timeout only what silent nodes may hold stays refused. It can be broken off and " +
        "run again, also by two at once",
    )
    .option(
      "--nodes <names>",
      "these nodes too, separated by commas: those that Kubernetes does not know",
      names,
      [],
    )
    .option("--forget <node>", "nothing on this node holds an address any more; may be repeated", collect, [])
    .option("--this-node", "only answer for this node, where no agent does")
    .option("--status", "change nothing; tell which nodes have answered");
  withExamples(command, [
    ["kube-ipam recover --timeout 120", "after etcd was restored from a snapshot"],
    ["kube-ipam recover --forget worker-7", "worker-7 is broken for good: give out its addresses"],
    ["kube-ipam recover --this-node", "on a node without an agent"],
  ]);
  withOutput(withKubernetes(withStoreOptions(command))).action(
    async (options: RecoverOptions & StoreOptions) => {
      // What follows the waiting takes time of its own.
      const patient = { ...options, timeout: options.timeout + AFTERWARDS_SECONDS };
      done(await withSession(patient, (session) => recover(options, session), { creates: true }));
    },
  );
}

function names(text: string): string[] {
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}
