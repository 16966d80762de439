import { bareKey } from "./fold-key.ts";
import { withinOneEdit } from "./one-edit.ts";

/**
 * Finds the known key that differs from another one in separators or by one edit; the former first. Looks only at keys
 * of about its length, because a tenant may write any number of keys (CAPPED).
 */
export class NearKeys {
  readonly #byBare: ReadonlyMap<string, string>;
  readonly #byLength = new Map<number, (readonly [key: string, bare: string])[]>();

  /** @param known where several are near, the first counts. */
  constructor(known: readonly string[]) {
    this.#byBare = new Map(known.map((key) => [bareKey(key), key] as const).reverse());
    for (const key of known) {
      const bare = bareKey(key);
      for (const length of [bare.length - 1, bare.length, bare.length + 1])
        this.#byLength.set(length, [...(this.#byLength.get(length) ?? []), [key, bare]]);
    }
  }

  nearest(key: string): string | undefined {
    const bare = bareKey(key);
    return (
      this.#byBare.get(bare) ??
      this.#byLength.get(bare.length)?.find(([, each]) => withinOneEdit(each, bare))?.[0]
    );
  }
}
