import { formatAddress } from "../../address/address.ts";
import { claimShare as claim, type ShareClaim } from "../reserve/share.ts";
import type { Attempt } from "../view/attempt.ts";
import type { Candidate } from "../view/candidate.ts";

/**
 * Counts the chosen addresses against the namespace's share of the pool (`maxPerNamespace`), in the
 * ADD's own transaction.
 *
 * @returns the guards and writes for the ADD's transaction; none without a quota.
 * @throws IpamError noFreeAddress naming the pool and its limit; StoreFailure.
 */
export async function claimShare(
  { request, ports, options }: Attempt,
  candidates: readonly Candidate[],
): Promise<ShareClaim> {
  const { policy, space } = request.network;
  if (policy?.maxPerNamespace === undefined) return { guards: [], puts: [] };
  const namespace = request.pod?.namespace ?? "";
  const share = { space, namespace, pool: policy.pool, most: policy.maxPerNamespace };
  const wanted = candidates.map(({ address }) => formatAddress(address));
  return claim(share, wanted, ports, options);
}
