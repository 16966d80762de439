import { formatAddress } from "../../address/address.ts";
import type { AddEvent } from "../../ipam/add-event.ts";
import type { Cluster } from "../../ipam/cluster-port.ts";
import { type ErrorName, inFull } from "../../ipam/errors.ts";
import { describeHolder } from "../../ipam/in-words.ts";
import type { AttachmentId, PodId } from "../../ipam/records.ts";
import { HandOverWaiting } from "./hand-over-waiting.ts";
import type { Metrics } from "./metrics.ts";
import { PodEvents } from "./pod-events.ts";

/** Refusals that a pod's author should see with `kubectl describe`. The others are for operators. */
const REASONS: Partial<Record<ErrorName, string>> = {
  addressHeld: "AddressHeld",
  addressNotAllowed: "AddressRefused",
  annotationMalformed: "AddressRefused",
  noFreeAddress: "AddressRefused",
  storeCannotWrite: "StoreRefused",
};

/** Counts what ADDs meet, and reports it as Events on their pods. */
export class EventReporter {
  readonly #metrics: Metrics;
  readonly #waiting = new HandOverWaiting();
  readonly #events = new PodEvents();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    metrics.handOverWaiting(() => this.#waiting.longest(performance.now()));
  }

  /** A listener for what one attachment's ADD reports. */
  listenTo(attachment: AttachmentId, cluster: Cluster | undefined): (event: AddEvent) => void {
    return (event) => {
      if (event.what === "waited") this.#metrics.waitSeconds.observe(event.milliseconds / 1000);
      if (event.what === "handed-over") this.#metrics.handOvers.inc();
      if (event.pod === undefined) return;
      this.#follow(event, event.pod, attachment);
      const podEvent = podEventOf(event);
      if (podEvent !== undefined && cluster !== undefined) this.#events.send(cluster, event.pod, podEvent);
    };
  }

  #follow({ what }: AddEvent, pod: PodId, { network, ifname }: AttachmentId): void {
    const key = [pod.namespace, pod.name, pod.uid, network, ifname].join("\0");
    if (what === "held") this.#waiting.refused(key, performance.now());
    if (what === "allocated") this.#waiting.ended(key);
  }
}

function podEventOf(event: AddEvent): { reason: string; message: string } | undefined {
  if (event.what === "held") return { reason: "AddressHeld", message: inFull(event.refusal) };
  if (event.what === "handed-over") {
    const message = `address ${formatAddress(event.address)} was handed over from ${event.from.map(describeHolder).join(", ")}`;
    return { reason: "AddressHandedOver", message };
  }
  if (event.what === "replaced") return { reason: "AddressReplaced", message: event.message };
  if (event.what !== "refused") return undefined;
  const reason = REASONS[event.refusal.name];
  return reason === undefined ? undefined : { reason, message: inFull(event.refusal) };
}
