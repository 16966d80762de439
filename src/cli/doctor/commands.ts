import type { Command } from "commander";
import { withExamples, withOutput, withStoreOptions } from "../../command-line/common-options.ts";
import type { Done } from "../../command-line/run-commands.ts";
import { type DoctorOptions, examine } from "./examine.ts";

/** Adds `kube-ipam doctor`, which checks this node. */
export function addDoctorCommand(program: Command, done: Done): void {
  const doctor = program
    .command("doctor")
    .description(
      "check what kube-ipam needs on this node and in its cluster, and print what to do. Changes nothing",
    )
    .option("--bin-dir <folder>", "folder where the runtime looks for plugins", "/opt/cni/bin")
    .option("--conf-dir <folder>", "folder where the runtime looks for networks", "/etc/cni/net.d");
  withExamples(doctor, [
    ["kube-ipam doctor", "on a node, as root"],
    ["kube-ipam doctor -o json | jq '.[] | select(.result != \"ok\")'", "only what needs attention"],
  ]);
  withOutput(withStoreOptions(doctor)).action(async (options: DoctorOptions) => done(await examine(options)));
}
