import type { PodFacts } from "../cluster-port.ts";
import { uidsOf } from "../evidence/fencing.ts";
import { type ShownAddress, shownAddresses } from "../evidence/network-status.ts";
import { podName } from "../in-words.ts";
import { IS } from "./allocation-index.ts";
import { containerClaim, podClaim, type SiftedAllocations } from "./sift-allocations.ts";
import { asksForOthers } from "./wishes.ts";

/**
 * Keeps the pods that one look cannot clear. A pod is clear where it shows all that the store holds for it and nothing
 * else of ours, where nobody else shows that, and where it asks for nothing else. What it shows is cleared with it; where
 * it is not clear, all that it shows is looked at, and all that the store holds under its name.
 */
export class SiftedPods {
  count = 0;
  /** By their names, with their places in the last listing: another one may have them elsewhere. */
  readonly #kept = new Map<string, { readonly at: number; readonly pod: PodFacts }>();
  /** Addresses that are looked at after the pod that shows them was cleared. */
  #again = new Set<string>();
  readonly #allocations: SiftedAllocations;
  readonly #spacesOf: (shown: ShownAddress) => readonly string[];

  constructor(allocations: SiftedAllocations, spacesOf: (shown: ShownAddress) => readonly string[]) {
    this.#allocations = allocations;
    this.#spacesOf = spacesOf;
  }

  /** In the order of the listing. */
  get kept(): PodFacts[] {
    return [...this.#kept.values()].sort((a, b) => a.at - b.at).map(({ pod }) => pod);
  }

  add(pod: PodFacts): void {
    const shown = pod.finished ? [] : shownAddresses(pod);
    const at = this.count++;
    if (!this.#isClear(pod, shown)) this.#keep(at, pod, shown);
  }

  /**
   * Lists the pods once more where some must be looked at after all, which were cleared before another one showed the
   * same.
   */
  async addAgain(list: () => AsyncIterable<PodFacts>): Promise<void> {
    while (this.#again.size > 0) {
      const wanted = this.#again;
      this.#again = new Set();
      let at = 0;
      for await (const pod of list()) {
        const shown = pod.finished ? [] : shownAddresses(pod);
        const known = this.#kept.get(podName(pod));
        if (known !== undefined) this.#kept.set(podName(pod), { ...known, at });
        else if (shown.some(({ text }) => wanted.has(text))) this.#keep(at, pod, shown);
        at += 1;
      }
      for (const text of wanted) this.#again.delete(text);
    }
  }

  #keep(at: number, pod: PodFacts, shown: readonly ShownAddress[]): void {
    const { index } = this.#allocations;
    const claims = claimsOf(pod);
    this.#kept.set(podName(pod), { at, pod });
    for (const { text } of shown)
      for (const each of index.at(text)) {
        const isOthers = !claims.own.has(index.claim(each));
        if (index.is(each, IS.claimed) && isOthers) this.#again.add(text);
        index.mark(each, IS.wanted);
      }
  }

  #isClear(pod: PodFacts, shown: readonly ShownAddress[]): boolean {
    const { index } = this.#allocations;
    const { container, own } = claimsOf(pod);
    const has: ShownAddress[] = [];
    let claimed = 0;
    let isClear = !this.#allocations.isWanted(pod);
    for (const each of shown) {
      const held = index.at(each.text);
      const mine = held.filter((at) => own.has(index.claim(at)));
      const [first] = mine;
      // Who shows an address is told where its holder is not known.
      if (held.some((at) => index.is(at, IS.kept))) isClear = false;
      if (first === undefined || mine.length > 1) {
        if (held.length > 0 || this.#spacesOf(each).length > 0) isClear = false;
      } else if (index.is(first, IS.claimed | IS.wanted)) {
        isClear = false;
        if (index.is(first, IS.claimed)) this.#again.add(each.text);
      } else {
        index.mark(first, IS.claimed);
        if (index.claim(first) === container) continue;
        has.push(each);
        if (index.is(first, IS.claimable)) claimed += 1;
      }
    }
    if (!isClear || claimed !== this.#allocations.claimableBy(pod)) return false;
    return !(this.#allocations.hasAny(pod) && asksForOthers(pod, has));
  }
}

/** What the holder of an allocation may look like that is this pod's, or its container's. */
function claimsOf(pod: PodFacts): { readonly own: ReadonlySet<number>; readonly container?: number } {
  const { nodeName } = pod;
  if (nodeName === undefined) return { own: new Set() };
  const container = containerClaim(nodeName);
  const pods = [...uidsOf(pod), undefined].map((uid) => podClaim(pod, uid, nodeName));
  return { own: new Set([...pods, container]), container };
}
