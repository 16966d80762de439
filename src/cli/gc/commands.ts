import type { Command } from "commander";
import { withExamples, withOutput, withStoreOptions } from "../../command-line/common-options.ts";
import type { Done } from "../../command-line/run-commands.ts";
import { withSession } from "../session/open.ts";
import type { StoreOptions } from "../session/settings.ts";
import { collectGarbage, type GcOptions } from "./gc.ts";

/** Adds `kube-ipam gc`, which frees what dead pods hold. */
export function addGcCommand(program: Command, done: Done): void {
  const command = program
    .command("gc")
    .description(
      "free what this node's dead sandboxes hold and, with Kubernetes, what fenced nodes hold and reservations whose " +
        "owner is gone. Frees only on evidence; a living pod loses nothing",
    )
    .option("--dry-run", "only print what would be freed");
  withExamples(command, [
    ["kube-ipam gc --dry-run", "on a node: print what its dead sandboxes hold"],
    [
      "kube-ipam gc --kubeconfig admin.conf",
      "also free what fenced nodes hold, and reservations without owner",
    ],
  ]);
  withOutput(withStoreOptions(command)).action(async (options: GcOptions & StoreOptions) =>
    done(await withSession(options, (session) => collectGarbage(options, session), { asksCluster: true })),
  );
}
