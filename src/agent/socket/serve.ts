import type { SocketHandler } from "bun";
import { handle, type Outcome } from "../../cni/handle.ts";
import { logVerb } from "../../cni/verb-line.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Log } from "../../ipam/ports.ts";
import { Queue } from "../../ipam/queue.ts";
import { pluginLog } from "../../log/plugin-log.ts";
import { readNodeFile } from "../../runtime/node-file.ts";
import type { LendPorts } from "../warm/lend-ports.ts";
import { LateLines } from "./buffered-log.ts";
import { Connection } from "./connection.ts";
import { unseen } from "./namespace-visibility.ts";
import type { AgentRequest } from "./protocol.ts";
import type { ClaimedSocket } from "./socket.ts";

/** Verbs under way at once; a waiting hand-over holds its place for 20 s at most. */
const AT_ONCE = 512;
const POLL_MS = 20;
/** How often the socket is looked for. */
const LOOK_MS = 2_000;
/** How long verbs that were cancelled may take to undo what they did. */
const UNDO_MS = 5_000;

export interface ServeOptions {
  readonly socket: ClaimedSocket;
  readonly lendPorts: LendPorts;
  /** Where lines go that belong to no network. */
  readonly log: Log;
  /** Told of every verb that is over. */
  readonly observe?: (command: string, outcome: Outcome, milliseconds: number) => void;
  /** Told how many verbs are under way or waiting, whenever that changes. */
  readonly changed?: (busy: number) => void;
}

export interface Server {
  /** Verbs under way or waiting. */
  readonly busy: number;
  /** Takes no more verbs, lets those under way end for so long, then cancels them. */
  drain(milliseconds: number): Promise<void>;
}

/**
 * Serves the verbs on a Unix socket (docs/agent-protocol.md), with the very code of the plugin role.
 *
 * @throws IpamError invalidConfig or io when the socket cannot be had; nothing is served then.
 */
export function serve(options: ServeOptions): Server {
  const claimed = options.socket;
  const verbs = new Queue({ limit: AT_ONCE });
  const busy = () => verbs.running + verbs.waiting;
  const lines = new LateLines();
  const open = new Map<object, Connection>();
  const changed = () => options.changed?.(busy());
  const begin = (request: AgentRequest, connection: Connection) => {
    const done = verbs.run(() => perform(request, connection, options, lines));
    changed();
    void done
      .then(() => lines.written())
      .then(() => connection.finish())
      .catch(() => connection.end())
      .finally(changed);
  };
  const listen = () => {
    const listener = listenAt(claimed, {
      open: (socket) => void open.set(socket, new Connection(socket, begin)),
      data: (socket, bytes) => open.get(socket)?.receive(bytes),
      drain: (socket) => open.get(socket)?.drain(),
      close: (socket) => {
        open.get(socket)?.closed();
        open.delete(socket);
      },
      error: (socket) => open.get(socket)?.end(),
    });
    claimed.publish();
    return listener;
  };
  let listener = listen();
  const looking = keepInPlace(claimed, options.log, () => {
    listener.stop();
    listener = listen();
  });
  return {
    get busy() {
      return busy();
    },
    async drain(milliseconds) {
      clearInterval(looking);
      claimed.withdraw();
      listener.stop();
      await emptied(open, milliseconds);
      for (const connection of open.values()) if (!connection.answered) connection.end();
      await emptied(open, UNDO_MS);
      lines.flush();
      claimed.release();
    },
  };
}

/** Somebody may tidy up below the agent. One whose socket is gone would be asked by nobody. */
function keepInPlace(
  claimed: ClaimedSocket,
  log: Log,
  listenAgain: () => void,
): ReturnType<typeof setInterval> {
  let told = false;
  return setInterval(() => {
    try {
      if (!claimed.reclaim()) return;
      listenAgain();
      log("warn", "the socket was removed, and is in its place again");
      told = false;
    } catch (failure) {
      if (!told) log("error", "the socket was removed, and cannot be put back", { reason: String(failure) });
      told = true;
    }
  }, LOOK_MS);
}

/** @throws IpamError io */
function listenAt({ temporary }: ClaimedSocket, socket: SocketHandler<undefined>) {
  const mask = process.umask(0o177);
  try {
    return Bun.listen<undefined>({ unix: temporary, socket });
  } catch (failure) {
    throw new IpamError(
      "io",
      `cannot make the socket '${temporary}': ${String(failure)}`,
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

async function perform(
  request: AgentRequest,
  connection: Connection,
  options: ServeOptions,
  lines: LateLines,
): Promise<void> {
  const started = performance.now();
  // The end of a connection that came together with the request is only seen in the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  if (connection.gone.aborted) return;
  if (unseen(request.env, options.log)) {
    // Without an answer the shim falls back to the complete plugin, which looks from the host.
    connection.end();
    return;
  }
  const outcome = await handle(
    { env: request.env, stdin: () => ({ text: request.stdin, whole: true }), started },
    {
      nodeFile: readNodeFile,
      openPorts: (understood, adding) => {
        const log = pluginLog(understood.configuration.node, lines.append);
        for (const warning of understood.configuration.warnings) log("warn", warning);
        return options.lendPorts(understood, log, adding);
      },
      deliver: async (stdout, exitCode) => {
        await lines.written();
        await connection.answer({ stdout, exitCode });
      },
      reclaims: true,
      ending: connection.gone,
    },
  );
  if (!connection.answered) {
    await connection.answer({ stdout: "", exitCode: outcome.exitCode }).catch(() => undefined);
  }
  const milliseconds = performance.now() - started;
  options.observe?.(request.env.CNI_COMMAND ?? "", outcome, milliseconds);
  if (request.env.CNI_COMMAND === "VERSION") return;
  const { request: understood } = outcome;
  logVerb(
    understood ? pluginLog(understood.configuration.node, lines.append) : options.log,
    request.env,
    outcome,
    milliseconds,
  );
}
