import { formatAddress } from "../../address/address.ts";
import type { NetworkConfiguration } from "../../config/network-configuration.ts";
import { parseCniArgs } from "../../config/parse/cni-args.ts";
import { requestedIps } from "../../config/parse/requested-ips.ts";
import { allocate } from "../../ipam/allocate/allocate.ts";
import { delivered } from "../../ipam/allocate/delivered.ts";
import { hasAddresses } from "../../ipam/allocate/has-addresses.ts";
import { IpamError } from "../../ipam/errors.ts";
import { undo } from "../../ipam/free/undo.ts";
import { whyNotOfNode } from "../../ipam/plan/own-store.ts";
import type { AttachmentId, PodId } from "../../ipam/records.ts";
import type { AddRequest, Allocated } from "../../ipam/requests.ts";
import { readWish } from "../../ipam/wish/wish-of-pod.ts";
import { NO_WISH } from "../../ipam/wish.ts";
import { configuredStore } from "../../store/kinds/kinds.ts";
import type { Host, OpenPorts, Request } from "../protocol/call.ts";
import { attachmentOf } from "../protocol/identity.ts";
import { type Dns, readResolvConf } from "../protocol/resolv-conf.ts";
import { formatResult } from "../protocol/result.ts";
import { afterwards } from "./afterwards.ts";

/** How long an ADD whose wish was refused may take to see whether it is a repeated one. */
const LOOK_MS = 3_000;

/** How long an ADD that could not deliver its result may take to undo itself, beyond its deadline. */
const UNDO_MS = 5_000;

/**
 * ADD: allocate, print; undo what could not be printed.
 *
 * @returns the addresses, for the log.
 */
export async function add(request: Request, host: Host): Promise<string[]> {
  const { configuration, parameters, deadline, version } = request;
  const args = parseCniArgs(parameters.args);
  const requested = requestedIps(configuration, args);
  requireSharedStore(configuration, args.pod);
  const { resolvConf, resolvConfByNetwork } = configuration;
  const dns: Dns = resolvConf === undefined ? {} : readResolvConf(resolvConf, resolvConfByNetwork);
  const { attachment, pod } = attachmentOf(request, args);
  const ports = await host.openPorts(request, attachment);
  try {
    const { network, kubernetes } = configuration;
    const question = { attachment, network, kubernetes, requested, ...(pod && { pod }) };
    const asked = await readWish(question, ports, wishDeadline(deadline)).then(
      (wish) => ({ wish }),
      (failure: unknown) => withoutWish(failure, attachment, ports, deadline),
    );
    if (asked.wish.passedOn !== undefined)
      ports.log("warn", "left to networks of the pod that are not known: no address where none takes it", {
        wishes: asked.wish.passedOn,
      });
    const allocated = await allocate(
      {
        attachment,
        namespacePath: parameters.netns,
        network,
        ...asked,
        deadline,
        ...(pod && { pod }),
        ...(ports.attendance && { attendance: ports.attendance }),
        ...(host.ending && { ending: host.ending }),
      },
      ports,
    );
    const { addresses } = allocated;
    const text = formatResult(version, { addresses, routes: configuration.routes, dns });
    await deliverOrUndo(text, allocated, host, ports);
    delivered(allocated, ports);
    ports.report?.({ what: "allocated", ...(pod && { pod }) });
    await afterwards(host, ports, deadline);
    return addresses.map(({ address }) => formatAddress(address));
  } catch (failure) {
    if (failure instanceof IpamError)
      ports.report?.({ what: "refused", refusal: failure, ...(pod && { pod }) });
    throw failure;
  } finally {
    await ports.close();
  }
}

/** An API that does not answer leaves time to see whether its answer is needed at all. */
function wishDeadline(deadline: number): number {
  return deadline - Math.min(LOOK_MS, Math.max(0, deadline - performance.now()) / 4);
}

/**
 * IDEMPOTENT: what cannot be given or read (any more) takes nothing away from an attachment that has
 * its addresses already.
 */
async function withoutWish(
  failure: unknown,
  attachment: AttachmentId,
  ports: OpenPorts,
  deadline: number,
): Promise<Pick<AddRequest, "wish" | "refusal">> {
  if (!(failure instanceof IpamError)) throw failure;
  const patience = Math.min(deadline, performance.now() + LOOK_MS);
  if (!(await hasAddresses(attachment, ports, patience))) throw failure;
  return { wish: NO_WISH, refusal: failure };
}

/** Before anything is opened: a store that is not to be used is not to be made. */
function requireSharedStore({ network, store }: NetworkConfiguration, pod: PodId | undefined): void {
  const refusal = whyNotOfNode(pod, network, configuredStore(store).description);
  if (refusal !== undefined) throw refusal;
}

async function deliverOrUndo(
  text: string,
  allocated: Allocated,
  host: Host,
  ports: OpenPorts,
): Promise<void> {
  try {
    if (host.ending?.aborted)
      throw new IpamError("tryAgain", "the plugin was asked to end before it had answered");
    await host.deliver(text, 0);
  } catch (failure) {
    const undone = await undo(allocated, ports, performance.now() + UNDO_MS);
    throw failure instanceof IpamError ? failure : unprinted(failure, undone);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  EPIPE: "the runtime no longer listens",
  ENOSPC: "the output is full",
};

function unprinted(failure: unknown, undone: boolean): IpamError {
  const { code = "", message } = failure as NodeJS.ErrnoException;
  return new IpamError(
    "io",
    `the result could not be printed: ${WORDS[code] ?? message}`,
    undone ? "its addresses were released" : "its addresses stay allocated until its DEL",
    { cause: failure },
  );
}
