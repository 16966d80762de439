import { formatAddress, parseAddress } from "../../address/address.ts";
import type { OwnerFacts } from "../cluster-port.ts";
import { doubt } from "../evidence/live-read.ts";
import { isDamage, warnOfDamage } from "../integrity/damage.ts";
import { addressesAt, placeOf } from "../place.ts";
import { RECORD_VERSION } from "../records.ts";
import { refKey } from "../ref-key.ts";
import { refTo } from "../ref-to.ts";
import { sameOwner } from "../same.ts";
import type { Attempt } from "../view/attempt.ts";
import type { Candidate } from "../view/candidate.ts";
import type { View } from "../view/view.ts";
import { type AskingOwner, endAll, NOTHING, type Superseded } from "./end-former.ts";
import { patienceOf, unasked } from "./still-asked.ts";

/** How many former addresses one ADD looks at; the next one of the place goes on. */
const MOST = 16;

/**
 * What the asker's place of its owner had before and does not get now: a pod that names another address, or none any
 * more; a sticky address that can no longer be given. Its reservation ends in the ADD's own transaction; where
 * somebody still holds the address, with that holder. `keep` and operators' reservations stay (docs/design.md
 * section 5).
 *
 * Never stops the ADD: what cannot be told now ends another time.
 *
 * @throws StoreFailure.
 */
export async function superseded(
  attempt: Attempt,
  view: View,
  candidates: readonly Candidate[],
): Promise<Superseded> {
  const asker = await askerOf(attempt, view);
  if (asker === undefined || asker.owner.record.version > RECORD_VERSION) return NOTHING;
  const place = placeOf(attempt.request.attachment, asker.facts);
  const given = new Set(candidates.map(({ address }) => formatAddress(address)));
  const former = addressesAt(asker.owner.record, place)
    .filter((text) => !given.has(text))
    .slice(0, MOST)
    .map(parseAddress);
  if (former.length === 0) return NOTHING;
  const owner = asker.facts.owner;
  // Of a pod that comes back, this ADD is the whole wish; others share their owner's addresses.
  const ending = place.slot === undefined ? await unasked(attempt, view, owner, former) : former;
  if (ending.length === 0) return NOTHING;
  try {
    return await endAll(attempt, { ...asker, given: candidates }, ending);
  } catch (failure) {
    if (!isDamage(failure)) throw failure;
    warnOfDamage(failure, attempt.ports);
    return NOTHING;
  }
}

/** The asker's owner and its record. A pod that asks for nothing has its owner looked up only where a record may be its. */
async function askerOf(attempt: Attempt, view: View): Promise<AskingOwner | undefined> {
  const { attachment, network, wish } = attempt.request;
  const asking = wish.owner;
  if (asking !== undefined) {
    if (view.owner === undefined || !sameOwner(view.owner.record.owner, asking.owner)) return undefined;
    return { facts: asking, owner: { ...view.owner, ref: refTo.owner(network.space, asking.owner) } };
  }
  const records = view.formerOwners.filter(({ record }) =>
    Object.values(record.places ?? {}).some(
      (place) => place.network === attachment.network && place.ifname === attachment.ifname,
    ),
  );
  const facts = records.length === 0 ? undefined : await lookUpOwner(attempt);
  const ref = facts && refTo.owner(network.space, facts.owner);
  const owner =
    ref && records.find(({ record }) => refKey(refTo.owner(network.space, record.owner)) === refKey(ref));
  if (facts === undefined || ref === undefined || owner === undefined) return undefined;
  return sameOwner(owner.record.owner, facts.owner) ? { facts, owner: { ...owner, ref } } : undefined;
}

async function lookUpOwner(attempt: Attempt): Promise<OwnerFacts | undefined> {
  const { ports, request } = attempt;
  const { pod, wish } = request;
  if (pod === undefined || ports.cluster === undefined) return undefined;
  const { cluster } = ports;
  const deadline = patienceOf(attempt);
  try {
    const facts = wish.pod ?? (await cluster.pod(pod, deadline));
    if (facts === undefined || (pod.uid !== undefined && wish.pod === undefined && facts.uid !== pod.uid))
      return undefined;
    return await cluster.ownerOf(facts, deadline);
  } catch (failure) {
    doubt(failure);
    return undefined;
  }
}
