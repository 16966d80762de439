/** A machine that drops packets is tried again every two seconds, and Linux gives up an attempt after two minutes. */
export const MOST_ATTEMPTS = 100;

const underWay = new Map<string, number>();

/**
 * Begins an attempt to connect to `peer`. Bun cannot end one before it succeeds or fails, each is a socket, and an agent
 * tries for ever: it has so many at once and no more. Whose attempts are all under way finds out as soon as the peer
 * answers one of them, for each ends then.
 */
export async function attempt(peer: string, connect: () => Promise<unknown>): Promise<void> {
  const count = underWay.get(peer) ?? 0;
  if (count >= MOST_ATTEMPTS) throw new Error(`no answer yet to ${count} attempts to connect`);
  underWay.set(peer, count + 1);
  try {
    await connect();
  } finally {
    const left = (underWay.get(peer) ?? 1) - 1;
    if (left > 0) underWay.set(peer, left);
    else underWay.delete(peer);
  }
}
