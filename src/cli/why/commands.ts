import type { Command } from "commander";
import { withExamples, withOutput, withStoreOptions } from "../../command-line/common-options.ts";
import type { Done } from "../../command-line/run-commands.ts";
import { withSession } from "../session/open.ts";
import type { StoreOptions } from "../session/settings.ts";
import { type WhyOptions, why } from "./why.ts";

/** Adds `kube-ipam why`, which explains the addresses of a pod. */
export function addWhyCommand(program: Command, done: Done): void {
  const command = program
    .command("why")
    .description(
      "explain why a pod has its addresses, or none yet: what it asks for, where that stands, who has the address, which rule " +
        "applies, and what to do. Changes nothing",
    )
    .argument("<pod>", "NAMESPACE/POD")
    .option("--network <name>", "network of the pod's first interface, if kube-ipam cannot tell")
    .option("--conf-dir <folder>", "folder where the runtime looks for networks", "/etc/cni/net.d");
  withExamples(command, [
    ["kube-ipam why default/db-0 --kubeconfig admin.conf", "from anywhere that reaches store and API server"],
    ["kube-ipam why default/db-0 -o json", "for a script"],
  ]);
  withOutput(withStoreOptions(command)).action(async (pod: string, options: WhyOptions & StoreOptions) =>
    done(await withSession(options, (session) => why(pod, options, session), { asksCluster: true })),
  );
}
