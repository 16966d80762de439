import { type Address, formatAddress, parseAddress } from "../../address/address.ts";
import { whyNotAllowed } from "../../address/not-allowed.ts";
import { plannedTargets } from "../allocate/planned-targets.ts";
import { whyNothingNew } from "../allocate/why-nothing-new.ts";
import { chooseAddresses } from "../choose/choose.ts";
import type { Choice } from "../choose/choose-named.ts";
import { prepare } from "../commit/prepare.ts";
import { IpamError } from "../errors.ts";
import { askingOf, gatherFacts } from "../hand-over/gather-facts.ts";
import { type HandOverRow, judgeByRow } from "../hand-over/judge.ts";
import { requireReady, verifyStore } from "../integrity/one-store.ts";
import { addressesAt, placeOf, slotOf } from "../place.ts";
import type { Target } from "../plan/target.ts";
import type { Ports } from "../ports.ts";
import type { Holder, OwnerRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { AddRequest } from "../requests.ts";
import type { Attempt } from "../view/attempt.ts";
import { ownerRef, readView } from "../view/view.ts";
import { readWish, type WishQuestion } from "../wish/wish-of-pod.ts";
import type { Wish } from "../wish.ts";
import { NO_LOCK } from "./no-lock.ts";

/** What would happen to an ADD of the pod now. */
export interface Explanation {
  /** Absent where the wish cannot be read; `refusal` says why. */
  readonly wish?: Wish;
  /** One for each address that the network gives. */
  readonly addresses: readonly Prospect[];
  /** What its place had before, and would not get from this ADD. */
  readonly formerly: readonly Former[];
  /** Why the ADD would end before it chooses an address. */
  readonly refusal?: IpamError;
}

/** An address that the pod had, and does not get again. */
export interface Former {
  readonly address: string;
  /** Why it can no longer be given; absent where the pod does not ask for it. */
  readonly because?: string;
}

/** What would happen with one address that the pod asks for. */
export interface Prospect {
  /** Absent where any address will do. */
  readonly address?: string;
  /** The annotation or parameter that named it; "" where nothing did. */
  readonly source: string;
  readonly outlook:
    | "free"
    /** The next try takes it from its holder. */
    | "hand-over"
    /** Both pods have it until one ends (live migration). */
    | "shared"
    /** Worth another try: its holder is ending, or may end. */
    | "waits"
    /** Another try changes nothing. */
    | "refused";
  /** Its holders now, each with the row of the hand-over table that applies. */
  readonly holders: readonly { readonly holder: Holder; readonly row: HandOverRow }[];
  /** Why the ADD does not get it now, and what to do. */
  readonly refusal?: IpamError;
}

/**
 * Runs an ADD with the ADD's own code, up to its transaction, which it does not commit: nothing
 * changes. `ports.node` must be a `readOnlyNode`.
 *
 * @throws StoreFailure.
 */
export async function explain(question: WishQuestion, ports: Ports, deadline: number): Promise<Explanation> {
  let wish: Wish | undefined;
  try {
    wish = await readWish(question, ports, deadline);
    const attempt = attemptOf(question, wish, ports, deadline);
    const refusal = await whyNothingNew(attempt.request, ports);
    if (refusal !== undefined) throw refusal;
    const addresses: Prospect[] = [];
    const { targets } = await plannedTargets(attempt);
    for (const target of targets) addresses.push(await prospect(attempt, target));
    return { wish, addresses, formerly: formerlyOf(attempt, await ownerRecordOf(attempt), addresses) };
  } catch (failure) {
    if (!(failure instanceof IpamError)) throw failure;
    return { ...(wish && { wish }), addresses: [], formerly: [], refusal: failure };
  }
}

async function ownerRecordOf(attempt: Attempt): Promise<OwnerRecord | undefined> {
  const ref = ownerRef(attempt);
  return ref && (await attempt.ports.store.read({ refs: [ref] }, attempt.options)).get(ref)?.record;
}

/** Of a pod that comes back; others share what their owner has. */
function formerlyOf(
  { request }: Attempt,
  record: OwnerRecord | undefined,
  given: readonly Prospect[],
): Former[] {
  const { attachment, network, wish } = request;
  if (record === undefined || wish.owner === undefined || slotOf(wish.owner) === undefined) return [];
  const former = addressesAt(record, placeOf(attachment, wish.owner));
  return former
    .filter((address) => !given.some((each) => each.address === address))
    .map((address) => {
      const because = whyNotAllowed(network, parseAddress(address));
      return { address, ...(because !== undefined && { because }) };
    });
}

function attemptOf(question: WishQuestion, wish: Wish, ports: Ports, deadline: number): Attempt {
  const { attachment, network, pod } = question;
  const request: AddRequest = {
    attachment,
    namespacePath: "",
    network,
    wish,
    deadline,
    ...(pod && { pod }),
  };
  return {
    request,
    ports,
    requestId: "",
    namespace: { path: "" },
    lock: NO_LOCK,
    forestalled: new Set(),
    options: { deadline },
  };
}

async function prospect(attempt: Attempt, target: Target): Promise<Prospect> {
  const named = target.kind === "named" ? target.address : undefined;
  const source = target.kind === "named" ? target.source : "";
  try {
    const view = await readView(attempt, [target]);
    const { requireInit, space } = attempt.request.network;
    requireReady(verifyStore(view.snapshot, view.remembered, space, attempt.ports), requireInit);
    const [choice] = await chooseAddresses(attempt, view, 1);
    if (choice?.kind === "candidate") await prepare(attempt, view, [choice.candidate]);
    const address = named ?? addressOf(target, choice);
    return {
      ...(address && { address: formatAddress(address) }),
      source,
      outlook: outlookOf(choice),
      holders: await holdersOf(attempt, address),
      ...(choice?.kind === "leaving" && { refusal: choice.refusal }),
    };
  } catch (failure) {
    if (!(failure instanceof IpamError)) throw failure;
    return {
      ...(named && { address: formatAddress(named) }),
      source,
      outlook: failure.name === "tryAgain" ? "waits" : "refused",
      holders: await holdersOf(attempt, named),
      refusal: failure,
    };
  }
}

/** The chosen address, where the wish names it or a set; undefined where any address will do. */
function addressOf(target: Target, choice: Choice | undefined): Address | undefined {
  if (choice?.kind === "leaving") return choice.address;
  return target.origin === "dynamic" ? undefined : choice?.candidate.address;
}

function outlookOf(choice: Choice | undefined): Prospect["outlook"] {
  if (choice === undefined || choice.kind === "leaving") return "waits";
  if (choice.candidate.staying.length > 0) return "shared";
  return choice.candidate.evictions.length > 0 ? "hand-over" : "free";
}

async function holdersOf(attempt: Attempt, address: Address | undefined): Promise<Prospect["holders"]> {
  if (address === undefined) return [];
  const { request, ports, options } = attempt;
  const ref = refTo.allocation(request.network.space, address);
  const record = (await ports.store.read({ refs: [ref] }, options)).get(ref)?.record;
  const asking = askingOf(request, address);
  const judged = (record?.holders ?? []).map(async (holder) => {
    const { row } = judgeByRow(await gatherFacts(asking, holder, ports, options.deadline));
    return { holder, row };
  });
  return Promise.all(judged);
}
