import { reclaim } from "../../ipam/free/reclaim.ts";
import type { Ports } from "../../ipam/ports.ts";
import type { Host } from "../protocol/call.ts";

/** Dead records that one plugin run frees besides its own work (docs/design.md section 4, "Reclaiming"). */
const RECORDS = 4;
/** Attachments that one plugin run looks at for that. */
const LOOK = 8;
/** The runtime waits for the process, so that leftovers must not cost it much. */
const MOST_MS = 2_000;

/** After its own work, and within its deadline, a verb frees a few of its node's dead records. */
export async function afterwards(host: Host, ports: Ports, deadline: number): Promise<void> {
  if (host.reclaims === true) return;
  await reclaim(ports, {
    records: RECORDS,
    look: LOOK,
    deadline: Math.min(deadline, performance.now() + MOST_MS),
  });
}
