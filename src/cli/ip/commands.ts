import type { Command } from "commander";
import { readAddress } from "../addresses.ts";
import { withOutput, withSpace, withStoreOptions } from "../common-options.ts";
import { withSession } from "../open.ts";
import type { Done } from "../program.ts";
import type { StoreOptions } from "../settings.ts";
import { type ListOptions, listAddresses } from "./list.ts";
import { type ShowOptions, showAddress } from "./show.ts";
import { type WhoOptions, whoHas } from "./who.ts";

const ALL_SPACES = "only this address space (default: all)";

/** `kube-ipam ip …`: addresses, who has them and who will. */
export function addIpCommands(program: Command, done: Done): void {
  const ip = program.command("ip").description("addresses: who has them, and who will have them again");
  const list = ip.command("list").description("list allocations and reservations").alias("ls");
  withSpace(list, ALL_SPACES)
    .option("--network <name>", "only this network")
    .option("--node <name>", "only what this node's containers hold")
    .option("--namespace <name>", "only pods and owners of this Kubernetes namespace");
  withOutput(withStoreOptions(list)).action(async (options: ListOptions & StoreOptions) =>
    done(await withSession(options, (session) => listAddresses(options, session))),
  );
  const show = ip.command("show").description("all that is known of one address").argument("<address>");
  withOutput(withStoreOptions(withSpace(show, ALL_SPACES))).action(
    async (text: string, options: ShowOptions & StoreOptions) => {
      const address = readAddress(text);
      done(await withSession(options, (session) => showAddress(address, options, session)));
    },
  );
  const who = ip
    .command("who")
    .description("the addresses of a pod")
    .argument("<pod>", "name, or namespace/name");
  withOutput(withStoreOptions(withSpace(who, ALL_SPACES))).action(
    async (pod: string, options: WhoOptions & StoreOptions) =>
      done(await withSession(options, (session) => whoHas(pod, options, session))),
  );
}
