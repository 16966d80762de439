import type { Fence } from "../../ipam/evidence/fencing.ts";
import { KnownBoots } from "../../ipam/evidence/known-boots.ts";
import { BootProver } from "../../ipam/evidence/prove-boots.ts";
import { findSuspects, type Suspect } from "../../ipam/free/fenced-suspects.ts";
import { freeFenced } from "../../ipam/free/free-fenced.ts";
import { pastDamage } from "../../ipam/integrity/damage.ts";
import type { AttachmentRecord } from "../../ipam/records.ts";
import type { Entry } from "../../ipam/store-port.ts";
import { recordEvent } from "../../kubernetes/objects/events.ts";
import type { ControllerContext } from "../context/context.ts";
import type { RoundOptions, Task } from "./task.ts";
import { watchFences } from "./watch-fences.ts";

/** A Node shows its new boot ID a moment after its first pods may have begun. */
const REBOOT_MS = 30_000;
const EVENT_MS = 2_000;

const FENCES: Readonly<Record<Fence, string>> = {
  "node-deleted": "was deleted",
  "out-of-service": "is NotReady and tainted out-of-service",
  rebooted: "was rebooted",
};

/** Frees what fenced nodes hold, on EVIDENCE alone. */
export function fencedTask(context: ControllerContext, now = () => performance.now()): Task {
  const boots = new KnownBoots();
  const rebootedSince = new Map<string, number>();

  /** A reboot is believed only after this process itself has seen it for a while. */
  const isRipe = ({ entry, fence }: Suspect): boolean => {
    if (fence !== "rebooted") return true;
    const since = rebootedSince.get(entry.record.holder.requestId);
    return since !== undefined && now() - since >= REBOOT_MS;
  };

  const remember = (suspects: readonly Suspect[]) => {
    const known = new Map(rebootedSince);
    rebootedSince.clear();
    for (const { entry, fence } of suspects) {
      const { requestId } = entry.record.holder;
      if (fence === "rebooted") rebootedSince.set(requestId, known.get(requestId) ?? now());
    }
  };

  return {
    name: "fenced nodes",
    timeoutMs: 60_000,
    round: async (options) => {
      const { inventory, ports } = context;
      const listed = await Array.fromAsync(inventory.nodes(options.deadline));
      const nodes = new Map(listed.map((node) => [node.name, node]));
      const prover = new BootProver(ports.clusterUid);
      const see = (entry: Entry<"attachment">) => prover.see(entry);
      const past = pastDamage(options, ports);
      const suspects = await findSuspects(ports.store, nodes, boots, ports.clusterUid, past, see);
      remember(suspects);
      let left = 0;
      for (const suspect of suspects) {
        if (options.signal.aborted) break;
        if (!isRipe(suspect) || !(await tryToFree(suspect, context, options))) left++;
      }
      // Last: a store that is full still takes what frees.
      await prover.prove(boots, ports, options);
      return left > 0 ? "soon" : "later";
    },
    watch: (wake, signal) => watchFences(context.api, wake, signal),
  };
}

/** False while the evidence is not complete, such as while the API still has the pod. */
async function tryToFree(
  { entry }: Suspect,
  context: ControllerContext,
  options: RoundOptions,
): Promise<boolean> {
  const { configuration, log, metrics, ports } = context;
  try {
    const done = await freeFenced(entry, configuration.coolingSeconds, ports, options);
    if (done === undefined) return false;
    metrics.freed.inc({ fence: done.fence }, done.freed.addresses.length);
    await report(done.freed, done.fence, context);
    return true;
  } catch (failure) {
    log("warn", "cannot free an attachment of a fenced node", {
      ...entry.ref.id,
      reason: String(failure),
    });
    return false;
  }
}

async function report(
  { addresses, holder }: AttachmentRecord,
  fence: Fence,
  { api, log }: ControllerContext,
): Promise<void> {
  const { attachment, node, pod } = holder;
  const message = `freed ${addresses.join(", ")} (network '${attachment.network}'): node ${node} ${FENCES[fence]}`;
  log("info", message, { pod: pod && `${pod.namespace}/${pod.name}`, container: attachment.container });
  if (pod === undefined) return;
  const event = {
    concerned: { kind: "Pod", ...pod },
    type: "Normal",
    reason: "AddressFreed",
    message,
    component: "kube-ipam-controller",
  } as const;
  await recordEvent(api, event, performance.now() + EVENT_MS);
}
