import { type Command, InvalidArgumentError, Option } from "commander";
import { type Cidr, tryParseCidr } from "../../address/cidr.ts";
import {
  collect,
  withExamples,
  withOutput,
  withSpace,
  withStoreOptions,
} from "../../command-line/common-options.ts";
import type { Format } from "../../command-line/output.ts";
import type { Done } from "../../command-line/run-commands.ts";
import { withSession } from "../session/open.ts";
import type { StoreOptions } from "../session/settings.ts";
import { type AcceptOptions, acceptStore } from "./accept.ts";
import { EXPORTS, type ExportOptions, exportStore } from "./export.ts";
import { type ImportOptions, importStore } from "./import.ts";
import { initialise } from "./init.ts";
import { type MoveOptions, moveCommand } from "./move.ts";
import { SOURCES } from "./source.ts";
import { storeStatus } from "./status.ts";

type Plain = StoreOptions & { readonly output: Format };

/** Adds `kube-ipam store …`, the commands for the store itself. */
export function addStoreCommands(program: Command, done: Done): void {
  const store = program.command("store").description("show, initialise, back up and move the store");
  const status = store.command("status");
  withExamples(status, [
    ["kube-ipam store status", "the store of this node"],
    ["kube-ipam store status --store kubernetes", "records in a cluster's own API, as kubectl finds it"],
  ]);
  withOutput(withStoreOptions(status))
    .description("show which store this is, what it holds, and whether this node accepts it")
    .action(async (options: Plain) =>
      done(await withSession(options, (session) => storeStatus(options, session))),
    );
  const init = store.command("init");
  withExamples(init, [["kube-ipam store init --config lan.json", "the store of a network's configuration"]]);
  withOutput(withStoreOptions(init))
    .description("give a new store its identity, once; with requireInit no ADD does that")
    .action(async (options: Plain) =>
      done(await withSession(options, (session) => initialise(options, session), { creates: true })),
    );
  addAccept(store, done);
  addMove(store, done);
  addMoveCommands(store, done);
}

/** Adds `export` and `import`: below `store`, and at the top, where people look for them. */
export function addMoveCommands(parent: Command, done: Done): void {
  addExport(parent, done);
  addImport(parent, done);
}

function addAccept(store: Command, done: Done): void {
  const accept = store
    .command("accept")
    .alias("forget")
    .description(
      "make this node accept the store as it is now, after it was replaced or restored on purpose. You vouch that no " +
        "pod holds an address that the store does not know. Run it on each node: where this node has stopped all nodes " +
        "because the store was thrown back, that ends too",
    );
  withExamples(accept, [
    ["kube-ipam store accept", "on each node, once the right store is in place"],
    [
      "kube-ipam store accept --kubeconfig operator.conf",
      "where the store is Kubernetes' own API, which lets no node do that",
    ],
  ]);
  withOutput(
    withStoreOptions(
      withSpace(accept, "only this address space (default: all that the store or this node knows)"),
    ),
  ).action(async (options: AcceptOptions & StoreOptions) =>
    done(await withSession(options, (session) => acceptStore(options, session), { creates: true })),
  );
}

function addMove(store: Command, done: Done): void {
  const move = store
    .command("move")
    .description(
      "take all address spaces from the store of --config to another one while pods run: copies, stops the old one, " +
        "copies what has changed, compares, and opens the new one. Can be run again at any point; docs/migrate.md has the whole procedure",
    )
    .requiredOption(
      "--to <store>",
      "'kubernetes', or a file in the format of the node's file that names the other store",
    )
    .option("--status", "only show in which state both stores are")
    .option(
      "--abort",
      "take the move back: possible until the new store is open, also while another command copies",
    );
  withExamples(move, [
    ["kube-ipam store move --to kubernetes --kubeconfig operator.conf", "from etcd into Kubernetes' own API"],
    ["kube-ipam store move --config new.json --to old.json", "and back"],
  ]);
  withOutput(withStoreOptions(move)).action(async (options: MoveOptions & StoreOptions) =>
    done(await withSession(options, (session) => moveCommand(options, session), { asksCluster: true })),
  );
}

function addExport(store: Command, done: Done): void {
  const command = store
    .command("export")
    .description("print all records as one JSON document, or one network in another plugin's format")
    .addOption(new Option("--to <format>", "format of the export").choices(EXPORTS).default("records"))
    .option("--network <name>", "whereabouts: the network to export")
    .addOption(
      new Option("--range <subnet>", "whereabouts: the range of the network; may be repeated")
        .argParser(ranges)
        .default([], "the network's subnets"),
    )
    .option("--network-name <name>", "whereabouts: network_name, if its configuration sets one")
    .option("--namespace <name>", "whereabouts: Kubernetes namespace of its objects", "kube-system");
  withExamples(command, [
    ["kube-ipam store export >backup.json", "everything but cooling addresses"],
    ["kube-ipam store export --to whereabouts --network lan", "IPPools for kubectl, to go back"],
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
    .description("write records into the store: all, or none if one of them conflicts. Can be run again")
    .argument("[file]", "output of 'store export' (for whereabouts: of kubectl), or - for stdin")
    .addOption(new Option("--from <source>", "source of the records").choices(SOURCES).default("export"))
    .option("--network <name>", "host-local, kube-ipam-0.2, whereabouts: the network to import")
    .option("--folder <folder>", "host-local: its folder (default: /var/lib/cni/networks)")
    .option(
      "--containers <file>",
      "host-local, kube-ipam-0.2: import only these containers: lines 'CONTAINER NODE', or the output of " +
        "'crictl pods -q --no-trunc' for those of this node; - for stdin (default: all, as containers of this node, " +
        "which is wrong for kube-ipam-0.2 with more than one node)",
    )
    .option("--ifname <name>", "host-local, kube-ipam-0.2: interface name, if the source has none", "eth0")
    .option(
      "--skip-damaged",
      "host-local, kube-ipam-0.2: leave out leases that do not tell their container (default: hold and list them)",
    )
    .addOption(
      new Option("--pool <name>", "whereabouts: only this IPPool; may be repeated")
        .argParser(collect)
        .default([], "those in the ranges of --config"),
    )
    .option(
      "--definition <namespace/name>",
      "whereabouts: only addresses that pods have through this NetworkAttachmentDefinition",
    )
    .option(
      "--skip-gone",
      "whereabouts: leave out addresses that no pod shows (default: import and list them)",
    )
    .option("--dry-run", "only print what would be written");
  withExamples(command, [
    ["kube-ipam store import backup.json --dry-run", "what an export would add here"],
    [
      "kube-ipam store import --from host-local --network lan",
      "the pods that host-local serves on this node",
    ],
    ["kube-ipam store import --from kube-ipam-0.2 --etcd-url https://10.1.2.3:2379", "the keys of 0.2"],
    [
      "kube-ipam store import --from whereabouts --config lan.json --kubeconfig admin.conf",
      "the pools of whereabouts",
    ],
  ]);
  withOutput(
    withStoreOptions(
      withSpace(
        command,
        "other plugins: address space to import into (default: as configured, else 'default')",
      ),
    ),
  ).action(async (file: string | undefined, options: ImportOptions & StoreOptions) =>
    done(await importStore(file, options)),
  );
}
