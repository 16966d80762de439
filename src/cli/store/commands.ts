import { type Command, InvalidArgumentError, Option } from "commander";
import { type Cidr, tryParseCidr } from "../../address/cidr.ts";
import {
  collect,
  withExamples,
  withKubernetes,
  withOutput,
  withSpace,
  withStoreOptions,
} from "../../command-line/common-options.ts";
import type { Format } from "../../command-line/output.ts";
import type { Done } from "../../command-line/run-commands.ts";
import { withSession } from "../open.ts";
import type { StoreOptions } from "../settings.ts";
import { type AcceptOptions, acceptStore } from "./accept.ts";
import { EXPORTS, type ExportOptions, exportStore } from "./export.ts";
import { type ImportOptions, importStore } from "./import.ts";
import { initialise } from "./init.ts";
import { SOURCES } from "./source.ts";
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
  addMoveCommands(store, done);
}

/** `export` and `import`, which stand below `store` and, as they are looked for there, at the top too. */
export function addMoveCommands(parent: Command, done: Done): void {
  addExport(parent, done);
  addImport(parent, done);
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

function addExport(store: Command, done: Done): void {
  const command = store
    .command("export")
    .description("print all records as one JSON document; or one network as another plugin keeps it")
    .addOption(new Option("--to <format>", "what to print").choices(EXPORTS).default("records"))
    .option("--network <name>", "whereabouts: the network")
    .option(
      "--range <subnet>",
      "whereabouts: its range there; may be repeated (default: the network's subnets)",
      ranges,
      [],
    )
    .option("--network-name <name>", "whereabouts: its network_name, where its configuration sets one")
    .option("--namespace <name>", "whereabouts: where its objects lie", "kube-system");
  withExamples(command, [
    ["kube-ipam store export >backup.json", "everything but cooling addresses"],
    ["kube-ipam store export --to whereabouts --network lan", "IPPools, for kubectl: the way back"],
  ]);
  withStoreOptions(command).action(async (options: ExportOptions & StoreOptions) =>
    done(await withSession(options, (session) => exportStore(options, session))),
  );
}

function ranges(text: string, before: readonly Cidr[]): Cidr[] {
  const range = tryParseCidr(text);
  if (range !== undefined) return [...before, range];
  throw new InvalidArgumentError("expected a subnet, such as 10.1.2.0/24");
}

function addImport(store: Command, done: Done): void {
  const command = store
    .command("import")
    .description(
      "write records into the store: all or, where anything speaks against one of them, none. It can be run again",
    )
    .argument("[file]", "what 'store export' printed, or for whereabouts kubectl; - for stdin")
    .addOption(
      new Option("--from <source>", "where the records come from").choices(SOURCES).default("export"),
    )
    .option("--network <name>", "host-local, kube-ipam-0.2, whereabouts: the network")
    .option("--folder <folder>", "host-local: its folder (default: /var/lib/cni/networks)")
    .option(
      "--containers <file>",
      "host-local, kube-ipam-0.2: only these containers; lines 'CONTAINER NODE', or as 'crictl pods -q --no-trunc' " +
        "prints them for this node; - for stdin. Without it all are taken for this node's: right for " +
        "host-local's, and for those of kube-ipam-0.2 only where there is one node",
    )
    .option(
      "--ifname <name>",
      "host-local, kube-ipam-0.2: the interface, where the source does not tell",
      "eth0",
    )
    .option(
      "--pool <name>",
      "whereabouts: only this IPPool; may be repeated (default: those in the ranges of --config)",
      collect,
      [],
    )
    .option(
      "--definition <namespace/name>",
      "whereabouts: only addresses that pods have through this NetworkAttachmentDefinition",
    )
    .option("--skip-gone", "whereabouts: leave out addresses that no pod shows (default: held, and told)")
    .option("--dry-run", "only tell what would be written");
  withExamples(command, [
    ["kube-ipam store import backup.json --dry-run", "what an export would add here"],
    ["kube-ipam store import --from host-local --network lan", "take over this node's pods of host-local"],
    ["kube-ipam store import --from kube-ipam-0.2 --etcd-url https://10.1.2.3:2379", "the old keys of 0.2"],
    ["kube-ipam store import --from whereabouts --config lan.json --kubeconfig admin.conf", "its pools"],
  ]);
  withOutput(
    withKubernetes(withStoreOptions(withSpace(command, "other plugins: the address space to import into"))),
  ).action(async (file: string | undefined, options: ImportOptions & StoreOptions) =>
    done(await importStore(file, options)),
  );
}
