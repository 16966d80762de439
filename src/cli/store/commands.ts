import { type Command, Option } from "commander";
import { withExamples, withOutput, withSpace, withStoreOptions } from "../common-options.ts";
import { withSession } from "../open.ts";
import type { Format } from "../output.ts";
import type { Done } from "../run-commands.ts";
import type { StoreOptions } from "../settings.ts";
import { type AcceptOptions, acceptStore } from "./accept.ts";
import { exportStore } from "./export.ts";
import { type ImportOptions, importStore } from "./import.ts";
import { initialise } from "./init.ts";
import { SOURCES } from "./sources.ts";
import { storeStatus } from "./status.ts";

type Plain = StoreOptions & { readonly output: Format };

/** `kube-ipam store …`: the store itself. */
export function addStoreCommands(program: Command, done: Done): void {
  const store = program.command("store").description("the store: its state, its identity, backup and move");
  const status = store.command("status");
  withExamples(status, [["kube-ipam store status", "as this node's plugin finds it"]]);
  withOutput(withStoreOptions(status))
    .description("which store it is, what it holds, and whether this node would use it")
    .action(async (options: Plain) =>
      done(await withSession(options, (session) => storeStatus(options, session))),
    );
  const init = store.command("init");
  withExamples(init, [["kube-ipam store init --config lan.json", "the store of a network's configuration"]]);
  withOutput(withStoreOptions(init))
    .description("give a new store its identity, once; where requireInit is set no ADD does that")
    .action(async (options: Plain) =>
      done(await withSession(options, (session) => initialise(options, session), { creates: true })),
    );
  addAccept(store, done);
  const exporting = store.command("export");
  withExamples(exporting, [["kube-ipam store export >backup.json", "everything but cooling addresses"]]);
  withStoreOptions(exporting)
    .description("print all records as one JSON document")
    .action(async (options: StoreOptions) => done(await withSession(options, exportStore)));
  addImport(store, done);
}

function addAccept(store: Command, done: Done): void {
  const accept = store
    .command("accept")
    .alias("forget")
    .description(
      "let this node take the store as it is now, after it was replaced or restored on purpose: you answer for it " +
        "that no pod holds an address that the store does not know. To be run on each node",
    );
  withExamples(accept, [["kube-ipam store accept", "on each node, once the store is what it should be"]]);
  withOutput(
    withStoreOptions(
      withSpace(accept, "only this address space (default: all that the store or this node knows)"),
    ),
  ).action(async (options: AcceptOptions & StoreOptions) =>
    done(await withSession(options, (session) => acceptStore(options, session), { creates: true })),
  );
}

function addImport(store: Command, done: Done): void {
  const command = store
    .command("import")
    .description(
      "write records into the store: all or, where anything speaks against one of them, none. It can be run again",
    )
    .argument("[file]", "what 'store export' printed; - for stdin")
    .addOption(
      new Option("--from <source>", "where the records come from").choices(SOURCES).default("export"),
    )
    .option("--network <name>", "host-local, kube-ipam-0.2: the network")
    .option("--folder <folder>", "host-local: its folder (default: /var/lib/cni/networks)")
    .option(
      "--containers <file>",
      "host-local, kube-ipam-0.2: only these containers; lines 'CONTAINER NODE', or as 'crictl pods -q --no-trunc' " +
        "prints them for this node; - for stdin. Without it all are taken for this node's",
    )
    .option(
      "--ifname <name>",
      "host-local, kube-ipam-0.2: the interface, where the source does not tell",
      "eth0",
    )
    .option("--dry-run", "only tell what would be written");
  withExamples(command, [
    ["kube-ipam store import backup.json --dry-run", "what an export would add here"],
    ["kube-ipam store import --from host-local --network lan", "take over this node's pods of host-local"],
    ["kube-ipam store import --from kube-ipam-0.2 --etcd-url https://10.1.2.3:2379", "the old keys of 0.2"],
  ]);
  withOutput(
    withStoreOptions(withSpace(command, "host-local, kube-ipam-0.2: the address space to import into")),
  ).action(async (file: string | undefined, options: ImportOptions & StoreOptions) =>
    done(await withSession(options, (session) => importStore(file, options, session), { creates: true })),
  );
}
