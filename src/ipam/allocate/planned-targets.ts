import { oneAddress } from "../../address/interval.ts";
import { IpamError } from "../errors.ts";
import { heldByNamesakes } from "../network-definitions.ts";
import { dependsOnOwner } from "../plan/depends-on-owner.ts";
import { planTargets } from "../plan/plan.ts";
import type { Target } from "../plan/target.ts";
import type { Attempt } from "../view/attempt.ts";
import { networkRef, ownerRef } from "../view/view.ts";

/** The targets of an ADD, and the revision of the owner's record that they rest on. */
export interface Planned {
  readonly targets: Target[];
  /** As a view's. */
  readonly plannedOn?: number;
}

/**
 * Plans the targets of an ADD. Reads the owner's record first where the wish depends on it.
 *
 * @throws IpamError addressNotAllowed, annotationMalformed where the network cannot give what the wish names;
 *   noFreeAddress, as `planTargets`; StoreFailure.
 */
export async function plannedTargets(attempt: Attempt): Promise<Planned> {
  const { request } = attempt;
  const ref = ownerRef(attempt);
  try {
    if (ref === undefined || !dependsOnOwner(request)) return { targets: planTargets(request) };
    const owner = (await attempt.ports.store.read({ refs: [ref] }, attempt.options)).get(ref);
    const targets = planTargets(request, owner?.record);
    return { targets, plannedOn: owner?.revision ?? 0 };
  } catch (failure) {
    if (!(failure instanceof IpamError) || failure.name !== "addressNotAllowed") throw failure;
    throw await toldOfNamesakes(failure, attempt);
  }
}

/** One network's name may stand for other subnets on another node, or in another namespace. */
async function toldOfNamesakes(failure: IpamError, attempt: Attempt): Promise<IpamError> {
  const { network, wish } = attempt.request;
  if (wish.fixed.length === 0) return failure;
  const ref = networkRef(attempt);
  const record = (await attempt.ports.store.read({ refs: [ref] }, attempt.options)).get(ref)?.record;
  const asks = wish.fixed.map(({ address }) => oneAddress(address));
  const told = heldByNamesakes(network, record, asks);
  return told === ""
    ? failure
    : new IpamError(failure.name, failure.message, `${failure.details ?? ""}${told}`);
}
