import { describeSuspicion } from "../../ipam/in-words.ts";
import { outOfSuspicion } from "../../ipam/integrity/ways-out.ts";
import type { MetaRecord } from "../../ipam/records.ts";
import { refTo } from "../../ipam/ref-to.ts";
import { recordEvent } from "../../kubernetes/objects/events.ts";
import type { ControllerContext } from "../context/context.ts";
import type { Task } from "./task.ts";

const EVENT_MS = 2_000;

/**
 * Tells of a store that was thrown back and gives out no addresses: by a gauge, and once for each suspicion
 * by the log and an Event on the Node that noticed. Changes nothing: only an operator ends it.
 */
export function suspicionTask(context: ControllerContext): Task {
  const { log, metrics, ports } = context;
  let told: string | undefined;
  return {
    name: "store",
    timeoutMs: 10_000,
    round: async ({ deadline, signal }) => {
      const meta = (await ports.store.read({ refs: [refTo.meta] }, { deadline })).get(refTo.meta)?.record;
      if (signal.aborted) return "later";
      const suspect = meta?.state === "suspect";
      metrics.counts.setStoreSuspect(suspect);
      const which = suspect ? JSON.stringify(meta.suspicion ?? null) : undefined;
      if (suspect && which !== told) {
        log("error", describeSuspicion(meta), { remedy: outOfSuspicion(meta) });
        await report(meta, context);
      }
      told = which;
      return suspect ? "soon" : "later";
    },
  };
}

/** The Node need not be there: who noticed may be a node of another cluster, whose Event then waits for nobody. */
async function report(meta: MetaRecord, { api }: ControllerContext): Promise<void> {
  if (meta.suspicion === undefined) return;
  const event = {
    concerned: { kind: "Node", name: meta.suspicion.node },
    type: "Warning",
    reason: "StoreSuspect",
    message: `${describeSuspicion(meta)}; ${outOfSuspicion(meta)}`,
    component: "kube-ipam-controller",
  } as const;
  await recordEvent(api, event, performance.now() + EVENT_MS);
}
