import type { NodeFacts } from "../../ipam/cluster-port.ts";
import type { Fence } from "../../ipam/evidence/fencing.ts";
import { KnownBoots } from "../../ipam/evidence/known-boots.ts";
import { BootProver } from "../../ipam/evidence/prove-boots.ts";
import { findSuspects, type Suspect } from "../../ipam/free/fenced-suspects.ts";
import { freeFenced } from "../../ipam/free/free-fenced.ts";
import { podName } from "../../ipam/in-words.ts";
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
  const boots = new KnownBoots(context.ports.clusterNames);
  const reboots = new SeenReboots(now);
  return {
    name: "fenced nodes",
    timeoutMs: 60_000,
    round: async (options) => {
      const { ports } = context;
      const prover = new BootProver(ports.clusterNames);
      const see = (entry: Entry<"attachment">) => prover.see(entry);
      const past = pastDamage(options, ports);
      const nodes = await nodesByName(context, options);
      const suspects = await findSuspects(ports.store, nodes, boots, ports.clusterNames, past, see);
      reboots.remember(suspects);
      const left = await freeAll(suspects, reboots, context, options);
      // Last: a store that is full still takes what frees.
      await prover.prove(boots, ports, options);
      return left > 0 ? "soon" : "later";
    },
    watch: (wake, signal) => watchFences(context.api, wake, signal),
  };
}

/** A reboot counts only after this process itself has seen it for a while. */
class SeenReboots {
  /** By the request that made the attachment. */
  readonly #since = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Forgets those that are seen no more. */
  remember(suspects: readonly Suspect[]): void {
    const known = new Map(this.#since);
    this.#since.clear();
    for (const { entry, fence } of suspects) {
      const { requestId } = entry.record.holder;
      if (fence === "rebooted") this.#since.set(requestId, known.get(requestId) ?? this.#now());
    }
  }

  /** Whether the suspect was fenced otherwise, or its reboot has been seen for long enough. */
  isCertain({ entry, fence }: Suspect): boolean {
    if (fence !== "rebooted") return true;
    const since = this.#since.get(entry.record.holder.requestId);
    return since !== undefined && this.#now() - since >= REBOOT_MS;
  }
}

async function nodesByName(
  { inventory }: ControllerContext,
  { deadline }: RoundOptions,
): Promise<Map<string, NodeFacts>> {
  const nodes = await Array.fromAsync(inventory.nodes(deadline));
  return new Map(nodes.map((node) => [node.name, node]));
}

/** @returns how many could not be freed yet. */
async function freeAll(
  suspects: readonly Suspect[],
  reboots: SeenReboots,
  context: ControllerContext,
  options: RoundOptions,
): Promise<number> {
  let left = 0;
  for (const suspect of suspects) {
    if (options.signal.aborted) break;
    if (!reboots.isCertain(suspect) || !(await tryToFree(suspect, context, options))) left++;
  }
  return left;
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
  log("info", message, { pod: pod && podName(pod), container: attachment.container });
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
