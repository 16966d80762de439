import type { Store } from "../../../src/ipam/store-port.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** How long a request and its answer are under way, and how long the store works on it, in milliseconds. */
export interface Distance {
  readonly least: number;
  readonly most: number;
  readonly work: number;
}

/** A store at a distance, in virtual time: it does one request after the other, in the order in which they arrive. */
export function distantStore(
  store: Store,
  time: VirtualTime,
  random: () => number,
  { least, most, work }: Distance,
): Store {
  let free = 0;
  const way = () => time.pause(least + random() * (most - least));
  const asked = async <T>(ask: () => Promise<T>): Promise<T> => {
    await way();
    free = Math.max(free, time.now) + work;
    await time.pause(free - time.now);
    const answer = await ask();
    await way();
    return answer;
  };
  return {
    ...store,
    read: (query, options) => asked(() => store.read(query, options)),
    commit: (transaction, options) => asked(() => store.commit(transaction, options)),
  };
}
