import { BoundedMap } from "./bounded-map.ts";

/** So many things are remembered; what comes again and again is among them. */
const MOST = 1_000;

/** Tells what was said already. Of very many things, one that did not come for long may be said again (CAPPED). */
export class SaidOnce {
  readonly #said: BoundedMap<string, true>;

  constructor(most = MOST) {
    this.#said = new BoundedMap(most);
  }

  /** True the first time. */
  isFirst(what: string): boolean {
    const isFirst = this.#said.get(what) === undefined;
    this.#said.set(what, true);
    return isFirst;
  }
}
