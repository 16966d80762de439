/** So many sets of connections, one after the other: a server that is away for long has each of them end. */
const MOST = 64;

/** By the client: how often it has left its connections. */
const left = new WeakMap<object, number>();

/**
 * From now on a client's requests go over other connections than those that Bun has kept of it: one that led to no answer
 * may lead to a server that is gone without a word, and so may all others.
 */
export function leaveKept(client: object): void {
  left.set(client, ((left.get(client) ?? 0) + 1) % MOST);
}

/** The trust of a client's next request. Bun sends a request over a kept connection only where all of that is the same, to the letter. */
export function overKept(client: object, trust: { readonly ca?: string }): { readonly ca?: string } {
  const { ca } = trust;
  return ca === undefined ? trust : { ca: `${ca}${"\n".repeat(left.get(client) ?? 0)}` };
}
