import type { Address } from "../../address/address.ts";
import type { PodFacts } from "../cluster-port.ts";
import { readLive } from "../evidence/live-read.ts";
import { isUnwanted } from "../hand-over/judge.ts";
import { notWanted } from "../hand-over/refusals.ts";
import type { Attempt } from "../view/attempt.ts";

/**
 * Requires that the asking pod is still wanted, after its ADD has waited for the address. An API that
 * does not answer proves nothing against the pod.
 *
 * @throws IpamError podGone.
 */
export async function requirePodWanted(
  { ports, request, options }: Attempt,
  address: Address,
): Promise<void> {
  const { pod } = request;
  if (pod === undefined || ports.cluster === undefined) return;
  // The commit needs its part of the remaining time.
  const now = performance.now();
  const patience = now + Math.max(0, options.deadline - now) / 2;
  const { state } = await readLive<PodFacts>(ports.cluster.pod(pod, patience));
  const asker = { pod, podState: state };
  if (isUnwanted(asker)) throw notWanted({ address, asker });
}
