import type { SpacedNetwork } from "../audit/types.ts";

interface Counted {
  readonly network: SpacedNetwork;
  uses: number;
}

/** The networks that only attachments tell of, each as long as one of its attachments is there. */
export class UnexplainedNetworks {
  readonly #networks = new Map<string, Counted>();
  /** The keys of each attachment's networks. */
  readonly #of = new Map<number, readonly string[]>();

  all(): readonly SpacedNetwork[] {
    return [...this.#networks.values()].map(({ network }) => network);
  }

  /**
   * From now on these are the attachment's; none, where it is gone or explained.
   *
   * @returns whether there are other networks than before.
   */
  set(attachment: number, networks: readonly SpacedNetwork[]): boolean {
    const before = this.#of.get(attachment) ?? [];
    const keys = networks.map(keyOf);
    for (const network of networks) this.#add(keyOf(network), network);
    for (const key of before) this.#drop(key);
    if (keys.length > 0) this.#of.set(attachment, keys);
    else this.#of.delete(attachment);
    return before.length !== keys.length || before.some((key) => !keys.includes(key));
  }

  #add(key: string, network: SpacedNetwork): void {
    const known = this.#networks.get(key) ?? { network, uses: 0 };
    known.uses += 1;
    this.#networks.set(key, known);
  }

  #drop(key: string): void {
    const known = this.#networks.get(key);
    if (known === undefined) return;
    known.uses -= 1;
    if (known.uses === 0) this.#networks.delete(key);
  }
}

function keyOf({ name, space, subnets }: SpacedNetwork): string {
  return JSON.stringify([name, space, subnets.map(({ address, prefix }) => `${address.value}/${prefix}`)]);
}
