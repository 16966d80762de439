import { BoundedMap } from "../../ipam/bounded-map.ts";
import type { Cluster } from "../../ipam/cluster-port.ts";
import type { PodId } from "../../ipam/records.ts";

/** The same Event is sent again after so long: kubelet tries every few seconds. */
const AGAIN_MS = 300_000;
/** So many Events in a row, and then so many each minute, whatever happens on the node. */
const BURST = 20;
const PER_MINUTE = 10;
const MOST_REMEMBERED = 1_000;

/** Kubernetes Events on pods: best effort, each sent once for a while, and never too many. */
export class PodEvents {
  readonly #sent = new BoundedMap<string, number>(MOST_REMEMBERED);
  #allowed = BURST;
  #counted = performance.now();

  /** Returns at once. @param now performance.now() milliseconds. */
  send(
    cluster: Pick<Cluster, "event">,
    pod: PodId,
    { reason, message }: { readonly reason: string; readonly message: string },
    now = performance.now(),
  ): void {
    const key = [pod.namespace, pod.name, pod.uid, reason, message].join("\0");
    const before = this.#sent.get(key);
    if ((before !== undefined && now - before < AGAIN_MS) || !this.#maySend(now)) return;
    this.#sent.set(key, now);
    cluster.event?.(pod, reason, message).catch(() => undefined);
  }

  #maySend(now: number): boolean {
    this.#allowed = Math.min(BURST, this.#allowed + ((now - this.#counted) / 60_000) * PER_MINUTE);
    this.#counted = now;
    if (this.#allowed < 1) return false;
    this.#allowed -= 1;
    return true;
  }
}
