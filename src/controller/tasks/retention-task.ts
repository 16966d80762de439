import { formatAddress } from "../../address/address.ts";
import { describeOwner } from "../../ipam/in-words.ts";
import { RetentionKeeper } from "../../ipam/reserve/retention.ts";
import { endingIn } from "../../ipam/survey/ending.ts";
import { StoreIndex } from "../../ipam/survey/store-index.ts";
import type { ControllerContext } from "../context/context.ts";
import type { Survey } from "../survey/survey.ts";
import type { Task } from "./task.ts";

/** Ends automatic reservations whose retention is over (`kube-ipam.retain`). */
export function retentionTask({ intervalMs, log, metrics, ports }: ControllerContext, survey: Survey): Task {
  let index: StoreIndex | undefined;
  const source = endingIn(() => index ?? new StoreIndex(), ports);
  const keeper = new RetentionKeeper(ports, 2 * intervalMs, () => performance.now(), source);
  return {
    name: "retention",
    timeoutMs: 60_000,
    round: async ({ deadline, signal }) => {
      index = await survey.store({ deadline, signal });
      for (const { entry, reason } of await keeper.round({ deadline }, signal)) {
        const { ref, record } = entry;
        metrics.ended.inc({ reason });
        const owner = describeOwner(record.owner);
        log("info", `ended the reservation of ${formatAddress(ref.address)} for ${owner}`, { reason });
      }
      return "later";
    },
  };
}
