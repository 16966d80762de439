import { type Command, Option } from "commander";
import { tryParseAddress } from "../../address/address.ts";
import { oneAddress } from "../../address/interval.ts";
import { withExamples, withOutput, withSpace } from "../../command-line/common-options.ts";
import { UsageError } from "../../command-line/failure.ts";
import type { Done } from "../../command-line/run-commands.ts";
import { readAddress, readInterval } from "../session/addresses.ts";
import { type Access, storeAccess } from "./access.ts";
import { type ListOptions, listAddresses } from "./list.ts";
import { readNoteOf, readOwner, readRetention } from "./owner.ts";
import { type ReleaseOptions, releaseAddress } from "./release.ts";
import { type ReserveOptions, reserve, unreserve } from "./reserve.ts";
import { type ShowOptions, showAddress } from "./show.ts";
import { type Asked, type WhoOptions, whoHas } from "./who.ts";

const ALL_SPACES = "only this address space (default: all)";
const ONE_SPACE = "address space (default: addressSpace of the configuration, else 'default')";
const RANGE = "address, range first-last, or block (such as 10.1.2.8/29)";

/** Adds `kube-ipam ip …`: who has which address, and for whom addresses are reserved. */
export function addIpCommands(program: Command, done: Done): void {
  const ip = program.command("ip").description("list, show, reserve and release addresses");
  addAddressCommands(ip, storeAccess, done);
}

/** Adds the commands for addresses, for one way to reach them. */
export function addAddressCommands<O>(parent: Command, access: Access<O>, done: Done): void {
  addList(parent, access, done);
  addShow(parent, access, done);
  addWho(parent, access, done);
  addRelease(parent, access, done);
  addReserve(parent, access, done);
  addUnreserve(parent, access, done);
}

function addList<O>(ip: Command, access: Access<O>, done: Done): void {
  const list = ip.command("list").description("list allocations and reservations").alias("ls");
  withSpace(list, ALL_SPACES)
    .option("--network <name>", "only this network")
    .option("--node <name>", "only what containers on this node hold")
    .option("--pod <pod>", "only this pod (NAME or NAMESPACE/NAME)")
    .addOption(new Option("--state <state>", "only this state").choices(["allocated", "reserved"]))
    .option("--address <address|range>", `only this ${RANGE}`, readInterval);
  if (access.filtersByNamespace)
    list.option("--namespace <name>", "only pods and owners of this Kubernetes namespace");
  withExamples(list, [
    ["", "all allocations and reservations"],
    ["--address 10.188.0.0/26 -o wide", "one block, with all columns"],
    ["--node worker-1 --state allocated -o json", "what one node holds, for a script"],
  ]);
  withOutput(access.withOptions(list)).action(async (options: ListOptions & O) =>
    done(await access.open(options, (addresses) => listAddresses(options, addresses))),
  );
}

function addShow<O>(ip: Command, access: Access<O>, done: Done): void {
  const show = ip
    .command("show")
    .description("show holder, reservation and state of one address")
    .argument("<address>");
  withExamples(show, [
    ["10.188.0.7", "who has it, and for whom it is reserved"],
    ["10.188.0.7 -o json", "every field of its records"],
  ]);
  withOutput(access.withOptions(withSpace(show, ALL_SPACES))).action(
    async (text: string, options: ShowOptions & O) => {
      const address = readAddress(text);
      done(await access.open(options, (addresses) => showAddress(address, options, addresses)));
    },
  );
}

function addWho<O>(ip: Command, access: Access<O>, done: Done): void {
  const who = ip
    .command("who")
    .description("who has this address; or which addresses a pod has, and which are reserved for it")
    .argument("<pod|address>", "NAME, NAMESPACE/NAME, or an address");
  withExamples(who, [
    ["default/db-0", "one pod, in all address spaces"],
    ["10.188.0.7", "one address: its holder, and for whom it is reserved"],
  ]);
  withOutput(access.withOptions(withSpace(who, ALL_SPACES))).action(
    async (text: string, options: WhoOptions & O) => {
      const asked = readAsked(text);
      done(await access.open(options, (addresses) => whoHas(asked, options, addresses), about(asked)));
    },
  );
}

function addRelease<O>(ip: Command, access: Access<O>, done: Done): void {
  const release = ip
    .command("release")
    .description(
      `free an address whose holder is gone, with all other addresses of that holder. ${access.evidence}`,
    )
    .argument("<address>")
    .option("--force", "free it without evidence; you vouch that nothing uses it any more")
    .option("--container <id>", "only if this container holds it");
  withExamples(release, [
    ["10.188.0.7", "if there is evidence that its holder is gone"],
    ["--force 10.188.0.7", "if you know that nothing uses it any more"],
  ]);
  withOutput(access.withOptions(withSpace(release, ONE_SPACE))).action(
    async (text: string, options: ReleaseOptions & O) => {
      const address = readAddress(text);
      done(await access.open(options, (addresses) => releaseAddress(address, options, addresses)));
    },
  );
}

function addReserve<O>(ip: Command, access: Access<O>, done: Done): void {
  const command = ip
    .command("reserve")
    .description("reserve an address or a range for an owner, so that nobody else gets it")
    .argument("<address|range>", RANGE)
    .requiredOption(
      "--for <owner>",
      "owner: a pod as namespace/name, a workload as Kind/namespace/name, or a remark",
      readOwner,
    )
    .option(
      "--retain <how>",
      "how long: keep (until unreserve), workload (as long as the owner), delete (as long as its pod), or a time after the owner (such as 7d)",
      readRetention,
      "keep",
    )
    .option("--note <words>", "a remark that error messages repeat", readNoteOf)
    .option("--even-if-held", "reserve it even if another pod has it now; that pod keeps it until it ends");
  withExamples(command, [
    ["10.188.0.7 --for StatefulSet/default/db", "for a workload, which need not exist yet"],
    ["10.188.0.32/28 --for 'the old printers' --note 'room 5'", "a block, with a remark"],
    [
      "10.188.0.50-10.188.0.59 --for default/gateway --retain 7d",
      "a range for a pod, until 7 days after the pod",
    ],
  ]);
  withOutput(access.withOptions(withSpace(command, ONE_SPACE))).action(
    async (text: string, options: ReserveOptions & O) => {
      const interval = readInterval(text);
      done(
        await access.open(options, (addresses) => reserve(interval, options, addresses), {
          creates: true,
          ...(options.for.namespace !== "" && { namespace: options.for.namespace }),
        }),
      );
    },
  );
}

function addUnreserve<O>(ip: Command, access: Access<O>, done: Done): void {
  const command = ip
    .command("unreserve")
    .description("end a reservation; a pod that has the address now keeps it")
    .argument("<address|range>", RANGE);
  withExamples(command, [
    ["10.188.0.7", "one address"],
    ["10.188.0.32/28", "a block, as it was reserved"],
  ]);
  withOutput(access.withOptions(withSpace(command, ONE_SPACE))).action(
    async (text: string, options: Pick<ReserveOptions, "output" | "space"> & O) => {
      const interval = readInterval(text);
      done(await access.open(options, (addresses) => unreserve(interval, options, addresses)));
    },
  );
}

/** A pod that is called as an address is written needs its namespace before it. @throws UsageError */
function readAsked(text: string): Asked {
  const address = tryParseAddress(text.trim());
  if (address !== undefined) return { address: oneAddress(address) };
  if (/^([^/\s]+\/)?[^/\s]+$/.test(text)) return { pod: text };
  throw new UsageError(
    `'${text}' names no pod`,
    "give its name, or NAMESPACE/NAME, for example default/db-0; or an address such as 10.1.2.3",
  );
}

function about(asked: Asked): { readonly namespace?: string } {
  if (!("pod" in asked)) return {};
  const { pod } = asked;
  const slash = pod.indexOf("/");
  return slash === -1 ? {} : { namespace: pod.slice(0, slash) };
}
