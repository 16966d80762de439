import type { Command } from "commander";
import {
  withExamples,
  withKubernetes,
  withOutput,
  withStoreOptions,
} from "../../command-line/common-options.ts";
import type { Done } from "../../command-line/run-commands.ts";
import { type DoctorOptions, examine } from "./examine.ts";

/** `kube-ipam doctor`: what this node lacks, and the remedy. */
export function addDoctorCommand(program: Command, done: Done): void {
  const doctor = program
    .command("doctor")
    .description(
      "look at each thing that kube-ipam needs on this node and in its cluster, and say what to do; changes nothing",
    )
    .option("--bin-dir <folder>", "where the runtime looks for plugins", "/opt/cni/bin")
    .option("--conf-dir <folder>", "where the runtime looks for networks", "/etc/cni/net.d");
  withExamples(doctor, [
    ["kube-ipam doctor", "on a node, as root: what it lacks"],
    ["kube-ipam doctor -o json | jq '.[] | select(.result != \"ok\")'", "only what is to be done"],
  ]);
  withOutput(withKubernetes(withStoreOptions(doctor))).action(async (options: DoctorOptions) =>
    done(await examine(options)),
  );
}
