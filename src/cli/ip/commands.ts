import type { Command } from "commander";
import { readAddress, readInterval } from "../addresses.ts";
import { withOutput, withSpace, withStoreOptions } from "../common-options.ts";
import { withSession } from "../open.ts";
import type { Done } from "../program.ts";
import type { StoreOptions } from "../settings.ts";
import { type ListOptions, listAddresses } from "./list.ts";
import { readOwner, readRetention } from "./owner.ts";
import { type ReleaseOptions, releaseAddress } from "./release.ts";
import { type ReserveOptions, reserve, unreserve } from "./reserve.ts";
import { type ShowOptions, showAddress } from "./show.ts";
import { type WhoOptions, whoHas } from "./who.ts";

const ALL_SPACES = "only this address space (default: all)";
const ONE_SPACE = "the address space (default: as configured, else 'default')";
const RANGE = "an address, first-last, or a block such as 10.1.2.8/29";

/** `kube-ipam ip …`: addresses, who has them and who will. */
export function addIpCommands(program: Command, done: Done): void {
  const ip = program.command("ip").description("addresses: who has them, and who will have them again");
  addList(ip, done);
  addShow(ip, done);
  addWho(ip, done);
  addRelease(ip, done);
  addReserve(ip, done);
  addUnreserve(ip, done);
}

function addList(ip: Command, done: Done): void {
  const list = ip.command("list").description("list allocations and reservations").alias("ls");
  withSpace(list, ALL_SPACES)
    .option("--network <name>", "only this network")
    .option("--node <name>", "only what this node's containers hold")
    .option("--namespace <name>", "only pods and owners of this Kubernetes namespace");
  withOutput(withStoreOptions(list)).action(async (options: ListOptions & StoreOptions) =>
    done(await withSession(options, (session) => listAddresses(options, session))),
  );
}

function addShow(ip: Command, done: Done): void {
  const show = ip.command("show").description("all that is known of one address").argument("<address>");
  withOutput(withStoreOptions(withSpace(show, ALL_SPACES))).action(
    async (text: string, options: ShowOptions & StoreOptions) => {
      const address = readAddress(text);
      done(await withSession(options, (session) => showAddress(address, options, session)));
    },
  );
}

function addWho(ip: Command, done: Done): void {
  const who = ip
    .command("who")
    .description("the addresses of a pod")
    .argument("<pod>", "name, or namespace/name");
  withOutput(withStoreOptions(withSpace(who, ALL_SPACES))).action(
    async (pod: string, options: WhoOptions & StoreOptions) =>
      done(await withSession(options, (session) => whoHas(pod, options, session))),
  );
}

function addRelease(ip: Command, done: Done): void {
  const release = ip
    .command("release")
    .description(
      "free an address whose holder is gone: it was on this node and its network namespace is gone, " +
        "or its DEL waits here for the store. The holder loses all its addresses",
    )
    .argument("<address>")
    .option("--force", "free it whoever has it: you answer for it that nobody uses it any more")
    .option("--container <id>", "only where this container has it");
  withOutput(withStoreOptions(withSpace(release, ONE_SPACE))).action(
    async (text: string, options: ReleaseOptions & StoreOptions) => {
      const address = readAddress(text);
      done(await withSession(options, (session) => releaseAddress(address, options, session)));
    },
  );
}

function addReserve(ip: Command, done: Done): void {
  const command = ip
    .command("reserve")
    .description("keep an address or a range for somebody: it is never given to others")
    .argument("<address|range>", RANGE)
    .requiredOption(
      "--for <owner>",
      "a pod as namespace/name, a workload as Kind/namespace/name, or a remark",
      readOwner,
    )
    .option(
      "--retain <how>",
      "keep, workload, delete, or a time after the owner such as 7d",
      readRetention,
      "keep",
    )
    .option("--note <words>", "a remark that refusals repeat")
    .option("--even-if-held", "although another has it now; that one keeps it until it ends");
  withOutput(withStoreOptions(withSpace(command, ONE_SPACE))).action(
    async (text: string, options: ReserveOptions & StoreOptions) => {
      const interval = readInterval(text);
      done(await withSession(options, (session) => reserve(interval, options, session), { creates: true }));
    },
  );
}

function addUnreserve(ip: Command, done: Done): void {
  const command = ip
    .command("unreserve")
    .description("end a reservation; who has the address now keeps it")
    .argument("<address|range>", RANGE);
  withOutput(withStoreOptions(withSpace(command, ONE_SPACE))).action(
    async (text: string, options: Pick<ReserveOptions, "output" | "space"> & StoreOptions) => {
      const interval = readInterval(text);
      done(await withSession(options, (session) => unreserve(interval, options, session)));
    },
  );
}
