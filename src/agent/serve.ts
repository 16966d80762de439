import { handle, type Outcome } from "../cni/handle.ts";
import type { Log } from "../ipam/ports.ts";
import { pluginLog } from "../log/plugin-log.ts";
import { logVerb } from "../log/verb-line.ts";
import { readNodeFile } from "../runtime/node-file.ts";
import { Connection } from "./connection.ts";
import { LateLines } from "./late-lines.ts";
import type { LendPorts } from "./lend-ports.ts";
import type { AgentRequest } from "./protocol.ts";
import { claimSocket } from "./socket.ts";
import { Turnstile } from "./turnstile.ts";

/** Verbs under way at once; a waiting hand-over holds its place for 20 s at most. */
const AT_ONCE = 512;
const POLL_MS = 20;
/** How long verbs that were cancelled may take to undo what they did. */
const UNDO_MS = 5_000;

export interface ServeOptions {
  readonly socket: string;
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
 * @throws IpamError invalidConfig or io when the socket cannot be had.
 */
export function serve(options: ServeOptions): Server {
  const claimed = claimSocket(options.socket);
  const turnstile = new Turnstile(AT_ONCE);
  const lines = new LateLines();
  const open = new Map<object, Connection>();
  const changed = () => options.changed?.(turnstile.inside + turnstile.waiting);
  const begin = (request: AgentRequest, connection: Connection) => {
    const done = turnstile.pass(() => perform(request, connection, options, lines));
    changed();
    void done
      .then(() => lines.written())
      .then(() => connection.finish())
      .catch(() => connection.end())
      .finally(changed);
  };
  const mask = process.umask(0o177);
  const listener = Bun.listen<undefined>({
    unix: claimed.temporary,
    socket: {
      open: (socket) => void open.set(socket, new Connection(socket, begin)),
      data: (socket, bytes) => open.get(socket)?.receive(bytes),
      drain: (socket) => open.get(socket)?.drain(),
      close: (socket) => {
        open.get(socket)?.closed();
        open.delete(socket);
      },
      error: (socket) => open.get(socket)?.end(),
    },
  });
  process.umask(mask);
  claimed.publish();
  return {
    get busy() {
      return turnstile.inside + turnstile.waiting;
    },
    async drain(milliseconds) {
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
