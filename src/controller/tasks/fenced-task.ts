import type { Fence } from "../../ipam/evidence/fencing.ts";
import { BootProver } from "../../ipam/evidence/prove-boots.ts";
import { findSuspects, type Suspect } from "../../ipam/free/fenced-suspects.ts";
import { freeFenced } from "../../ipam/free/free-fenced.ts";
import { podName } from "../../ipam/in-words.ts";
import { pastDamage } from "../../ipam/integrity/damage.ts";
import type { AttachmentRecord } from "../../ipam/records.ts";
import type { Entry } from "../../ipam/store-port.ts";
import type { StoreIndex } from "../../ipam/survey/store-index.ts";
import { recordEvent } from "../../kubernetes/objects/events.ts";
import type { ControllerContext } from "../context/context.ts";
import type { Survey } from "../survey/survey.ts";
import type { RoundOptions, Task } from "./task.ts";

/** A Node shows its new boot ID a moment after its first pods may have begun. */
const REBOOT_MS = 30_000;
const EVENT_MS = 2_000;

const FENCES: Readonly<Record<Fence, string>> = {
  "node-deleted": "was deleted",
  "out-of-service": "is NotReady and tainted out-of-service",
  rebooted: "was rebooted",
};

/**
 * Frees what fenced nodes hold, on EVIDENCE alone. Reads the attachments of those nodes only of which a Node, or what
 * was written, gives a reason to.
 */
export function fencedTask(context: ControllerContext, survey: Survey, now = () => performance.now()): Task {
  const reboots = new SeenReboots(now);
  const { ports } = context;
  let begun: StoreIndex | undefined;
  return {
    name: "fenced nodes",
    timeoutMs: 60_000,
    round: async (options) => {
      const index = await survey.storeAndNodes(options);
      const nodes = survey.nodes.all;
      const { boots } = index;
      if (begun !== index) for (const name of boots.nodes()) boots.makeDue(name);
      begun = index;
      boots.learnNodes(nodes);
      const due = boots.takeDue().filter((name) => boots.needsLook(name, nodes.get(name)));
      if (due.length === 0) {
        reboots.remember([]);
        return "later";
      }
      const prover = new BootProver(ports.clusterNames);
      const read = new Map(due.map((name): [string, Entry<"attachment">[]] => [name, []]));
      const see = (entry: Entry<"attachment">) => {
        prover.see(entry);
        read.get(entry.ref.node)?.push(entry);
      };
      try {
        const past = pastDamage(options, ports);
        const suspects = await findSuspects(
          ports.store,
          nodes,
          boots.known,
          ports.clusterNames,
          past,
          see,
          due,
        );
        reboots.remember(suspects);
        const left = await freeAll(suspects, reboots, context, options);
        // After all that frees: a store that is full still takes that.
        const lost = await prover.prove(boots.known, ports, options);
        for (const name of due) boots.looked(name, read.get(name) ?? [], nodes.get(name));
        for (const name of [...lost, ...left.map(({ entry }) => entry.ref.node)]) boots.makeDue(name);
        return left.length > 0 ? "soon" : "later";
      } catch (failure) {
        for (const name of due) boots.makeDue(name);
        throw failure;
      }
    },
    onWake: (wake) => survey.onFence(wake),
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

/** @returns those that could not be freed yet. */
async function freeAll(
  suspects: readonly Suspect[],
  reboots: SeenReboots,
  context: ControllerContext,
  options: RoundOptions,
): Promise<Suspect[]> {
  const left: Suspect[] = [];
  for (const suspect of suspects) {
    if (options.signal.aborted) break;
    if (!reboots.isCertain(suspect) || !(await tryToFree(suspect, context, options))) left.push(suspect);
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
