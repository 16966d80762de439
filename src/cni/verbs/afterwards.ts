import { reclaim } from "../../ipam/free/reclaim.ts";
import { lookAtStore } from "../../ipam/integrity/look.ts";
import type { Ports } from "../../ipam/ports.ts";
import type { Host } from "../protocol/call.ts";

/** Dead records that one plugin run frees besides its own work (docs/design.md section 4, "Reclaiming"). */
const RECORDS = 4;
/** Attachments that one plugin run looks at for that. */
const LOOK = 8;
/** The runtime waits for the process, so that leftovers must not cost it much. */
const MOST_MS = 2_000;

/** How often a node looks whether the store was thrown back, besides its ADDs, in seconds. */
const LOOK_SECONDS = 60;

/** After its own work, and within its deadline, a verb frees a few of its node's dead records. */
export async function afterwards(host: Host, ports: Ports, deadline: number): Promise<void> {
  if (host.reclaims === true) return;
  const limit = Math.min(deadline, performance.now() + MOST_MS);
  await reclaim(ports, { records: RECORDS, look: LOOK, deadline: limit });
  await lookNowAndThen(ports, limit);
}

/** What an agent does every few seconds: so the store's epoch rises, and a quiet node has seen it. */
async function lookNowAndThen(ports: Ports, deadline: number): Promise<void> {
  if (!ports.store.description.shared || !ports.node.due("look", LOOK_SECONDS)) return;
  try {
    await lookAtStore(ports, { deadline });
  } catch (failure) {
    ports.log("debug", "could not look at the store", { reason: String(failure) });
  }
}
