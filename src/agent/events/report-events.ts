import { formatAddress } from "../../address/address.ts";
import type { AddEvent } from "../../ipam/add-event.ts";
import type { Cluster } from "../../ipam/cluster-port.ts";
import type { ErrorName, IpamError } from "../../ipam/errors.ts";
import type { AttachmentId, Holder, PodId } from "../../ipam/records.ts";
import { HandOverWaiting } from "./hand-over-waiting.ts";
import type { Metrics } from "./metrics.ts";
import { PodEvents } from "./pod-events.ts";

/** Refusals that a pod's author should see where they look first. The others are an operator's. */
const REASONS: Partial<Record<ErrorName, string>> = {
  addressHeld: "AddressHeld",
  addressNotAllowed: "AddressRefused",
  annotationMalformed: "AddressRefused",
  noFreeAddress: "AddressRefused",
};

/** Counts what ADDs meet, and tells it as Events on their pods. */
export class Teller {
  readonly #metrics: Metrics;
  readonly #waiting = new HandOverWaiting();
  readonly #events = new PodEvents();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    metrics.handOverWaiting(() => this.#waiting.longest(performance.now()));
  }

  /** What an ADD of this attachment is told to give its notices to. */
  noticeOf(attachment: AttachmentId, cluster: Cluster | undefined): (notice: AddEvent) => void {
    return (notice) => {
      if (notice.what === "waited") this.#metrics.waitSeconds.observe(notice.milliseconds / 1000);
      if (notice.what === "handed-over") this.#metrics.handOvers.inc();
      if (notice.pod === undefined) return;
      this.#follow(notice, notice.pod, attachment);
      const event = eventOf(notice);
      if (event !== undefined && cluster !== undefined) this.#events.tell(cluster, notice.pod, event);
    };
  }

  #follow({ what }: AddEvent, pod: PodId, { network, ifname }: AttachmentId): void {
    const key = [pod.namespace, pod.name, pod.uid, network, ifname].join("\0");
    if (what === "held") this.#waiting.refused(key, performance.now());
    if (what === "allocated") this.#waiting.ended(key);
  }
}

function eventOf(notice: AddEvent): { reason: string; message: string } | undefined {
  if (notice.what === "held") return { reason: "AddressHeld", message: textOf(notice.refusal) };
  if (notice.what === "handed-over") {
    const message = `address ${formatAddress(notice.address)} was handed over from ${notice.from.map(nameOf).join(", ")}`;
    return { reason: "AddressHandedOver", message };
  }
  if (notice.what !== "refused") return undefined;
  const reason = REASONS[notice.refusal.name];
  return reason === undefined ? undefined : { reason, message: textOf(notice.refusal) };
}

function textOf({ message, details }: IpamError): string {
  return details === "" ? message : `${message}: ${details}`;
}

function nameOf({ pod, node, attachment }: Holder): string {
  const who = pod === undefined ? `container ${attachment.container}` : `pod ${pod.namespace}/${pod.name}`;
  return `${who} on node ${node}`;
}
