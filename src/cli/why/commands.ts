import type { Command } from "commander";
import {
  withExamples,
  withKubernetes,
  withOutput,
  withStoreOptions,
} from "../../command-line/common-options.ts";
import type { Done } from "../../command-line/run-commands.ts";
import { withSession } from "../open.ts";
import type { StoreOptions } from "../settings.ts";
import { type WhyOptions, why } from "./why.ts";

/** `kube-ipam why`: what a pod's addresses wait for. */
export function addWhyCommand(program: Command, done: Done): void {
  const command = program
    .command("why")
    .description(
      "why a pod has the addresses that it has, or has none yet: what it asks for and where that stands, who has the " +
        "address, which rule applies, and what to do. Changes nothing",
    )
    .argument("<pod>", "NAMESPACE/POD")
    .option("--network <name>", "the network of the pod's first interface, where it cannot be told")
    .option("--conf-dir <folder>", "networks as the runtime knows them", "/etc/cni/net.d");
  withExamples(command, [
    ["kube-ipam why default/db-0 --kubeconfig admin.conf", "from anywhere that reaches store and API server"],
    ["kube-ipam why default/db-0 -o json", "for a program"],
  ]);
  withOutput(withKubernetes(withStoreOptions(command))).action(
    async (pod: string, options: WhyOptions & StoreOptions) =>
      done(await withSession(options, (session) => why(pod, options, session))),
  );
}
