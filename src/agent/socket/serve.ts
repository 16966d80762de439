import type { SocketHandler } from "bun";
import { IpamError } from "../../ipam/errors.ts";
import type { Log } from "../../ipam/ports.ts";
import { Queue } from "../../ipam/queue.ts";
import { BufferedLog } from "./buffered-log.ts";
import { Connection, type Serve } from "./connection.ts";
import { performVerb, type VerbOptions } from "./perform-verb.ts";
import type { AgentRequest } from "./protocol.ts";
import type { ClaimedSocket } from "./socket.ts";

/** Verbs that run at once; one that waits for a hand-over takes its place for at most 20 s. */
const AT_ONCE = 512;
const POLL_MS = 20;
/** How often the agent makes sure that its socket is there. */
const CHECK_MS = 2_000;
/** How long cancelled verbs may take to undo what they did. */
const UNDO_MS = 5_000;

export interface ServeOptions extends VerbOptions {
  readonly socket: ClaimedSocket;
  /** Called with the number of verbs that run or wait, when it changes. */
  readonly changed?: (busy: number) => void;
}

export interface Server {
  /** Verbs that run or wait. */
  readonly busy: number;
  /** Takes no more verbs, gives those that run this long to end, then cancels them. */
  drain(milliseconds: number): Promise<void>;
}

/**
 * Serves the verbs on a Unix socket (docs/agent-protocol.md), with the very code of the plugin role.
 *
 * @throws IpamError invalidConfig or io when it cannot claim the socket; nothing is served then.
 */
export function serve(options: ServeOptions): Server {
  const claimed = options.socket;
  const verbs = new Queue({ limit: AT_ONCE });
  const busy = () => verbs.running + verbs.waiting;
  const buffered = new BufferedLog();
  const open = new Map<object, Connection>();
  const changed = () => options.changed?.(busy());
  const begin = (request: AgentRequest, connection: Connection) => {
    const done = verbs.run(() => performVerb(request, connection, options, buffered));
    changed();
    void done
      .then(() => buffered.written())
      .then(() => connection.finish())
      .catch(() => connection.end())
      .finally(changed);
  };
  const listen = () => {
    const listener = listenAt(claimed, handlerOf(open, begin));
    claimed.publish();
    return listener;
  };
  let listener = listen();
  const checking = keepInPlace(claimed, options.log, () => {
    listener.stop();
    listener = listen();
  });
  return {
    get busy() {
      return busy();
    },
    async drain(milliseconds) {
      clearInterval(checking);
      claimed.withdraw();
      listener.stop();
      await emptied(open, milliseconds);
      for (const connection of open.values()) if (!connection.answered) connection.end();
      await emptied(open, UNDO_MS);
      buffered.flush();
      claimed.release();
    },
  };
}

/** Hands what happens on a socket to its connection. */
function handlerOf(open: Map<object, Connection>, begin: Serve): SocketHandler<undefined> {
  return {
    open: (socket) => void open.set(socket, new Connection(socket, begin)),
    data: (socket, bytes) => open.get(socket)?.receive(bytes),
    drain: (socket) => open.get(socket)?.drain(),
    close: (socket) => {
      open.get(socket)?.closed();
      open.delete(socket);
    },
    error: (socket) => open.get(socket)?.end(),
  };
}

/** Someone may clean up the agent's folder. Without its socket the agent would get no request. */
function keepInPlace(
  claimed: ClaimedSocket,
  log: Log,
  listenAgain: () => void,
): ReturnType<typeof setInterval> {
  let logged = false;
  return setInterval(() => {
    try {
      if (!claimed.reclaim()) return;
      listenAgain();
      log("warn", "the socket was removed; the agent put it back");
      logged = false;
    } catch (failure) {
      if (!logged)
        log("error", "the socket was removed, and the agent cannot put it back", { reason: String(failure) });
      logged = true;
    }
  }, CHECK_MS);
}

/** @throws IpamError io */
function listenAt({ temporary }: ClaimedSocket, socket: SocketHandler<undefined>) {
  const mask = process.umask(0o177);
  try {
    return Bun.listen<undefined>({ unix: temporary, socket });
  } catch (failure) {
    throw new IpamError(
      "io",
      `cannot create the socket '${temporary}': ${String(failure)}`,
      "give the agent a folder for its socket that it may write to",
    );
  } finally {
    process.umask(mask);
  }
}

async function emptied(open: ReadonlyMap<object, Connection>, milliseconds: number): Promise<void> {
  const until = performance.now() + milliseconds;
  while (open.size > 0 && performance.now() < until) await Bun.sleep(POLL_MS);
}
