/** A machine that drops packets is tried again every two seconds, and Linux gives up an attempt after two minutes. */
export const MOST_ATTEMPTS = 100;
/** While so many are under way to all peers together, each may have one: no number of silent peers keeps out others. */
export const CROWD = 500;
/** And no more than these: each is a descriptor (CAPPED). */
export const MOST_OF_ALL = 4_000;

const underWay = new Map<string, number>();
let together = 0;

/**
 * Begins an attempt to connect to `peer`. Bun cannot end one before it succeeds or fails, each is a socket, and an agent
 * tries for ever: it has so many at once and no more. Whose attempts are all under way finds out as soon as the peer
 * answers one of them, for each ends then.
 */
export async function attempt(peer: string, connect: () => Promise<unknown>): Promise<void> {
  const count = underWay.get(peer) ?? 0;
  const most = together >= MOST_OF_ALL ? 0 : together >= CROWD ? 1 : MOST_ATTEMPTS;
  if (count >= most)
    throw new Error(`no answer yet to ${count} attempts to connect, and to ${together} of all addresses`);
  underWay.set(peer, count + 1);
  together += 1;
  try {
    await connect();
  } finally {
    together -= 1;
    const left = (underWay.get(peer) ?? 1) - 1;
    if (left > 0) underWay.set(peer, left);
    else underWay.delete(peer);
  }
}
