import { formatAddress } from "../../address/address.ts";
import type { ReservedFor } from "../node-port.ts";
import { placeOf } from "../place.ts";
import type { Attempt } from "../view/attempt.ts";
import type { Candidate } from "../view/candidate.ts";

/**
 * The reservations that an ADD of these addresses makes, and their owner; undefined where it reserves
 * nothing.
 */
export function reservedFor({ request }: Attempt, candidates: readonly Candidate[]): ReservedFor | undefined {
  const { owner: facts, retain } = request.wish;
  const lasting = candidates.filter(({ origin }) => origin !== "dynamic");
  if (facts === undefined || lasting.length === 0) return undefined;
  const { owner, ordinal } = facts;
  const addresses = lasting.map(({ address }) => formatAddress(address));
  const place = placeOf(request.attachment, facts);
  return { owner, retain, addresses, ...(ordinal !== undefined && { ordinal }), place };
}
