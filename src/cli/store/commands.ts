import { type Command, Option } from "commander";
import { withOutput, withSpace, withStoreOptions } from "../common-options.ts";
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
  withOutput(withStoreOptions(store.command("status")))
    .description("which store it is, what it holds, and whether this node would use it")
    .action(async (options: Plain) =>
      done(await withSession(options, (session) => storeStatus(options, session))),
    );
  withOutput(withStoreOptions(store.command("init")))
    .description("give a new store its identity, once; where requireInit is set no ADD does that")
    .action(async (options: Plain) =>
      done(await withSession(options, (session) => initialise(options, session), { creates: true })),
    );
  addAccept(store, done);
  withStoreOptions(store.command("export"))
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
  withOutput(
    withStoreOptions(withSpace(command, "host-local, kube-ipam-0.2: the address space to import into")),
  ).action(async (file: string | undefined, options: ImportOptions & StoreOptions) =>
    done(await withSession(options, (session) => importStore(file, options, session), { creates: true })),
  );
}
