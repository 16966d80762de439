import type { Socket } from "bun";
import {
  type AgentAnswer,
  type AgentRequest,
  answerFrame,
  FRAME,
  type Frame,
  FrameReader,
  readRequest,
  WORKING,
} from "./protocol.ts";

const WORKING_MS = 250;
/** A shim has its request at hand when it connects. */
const REQUEST_MS = 5_000;

/** What the server does with a request once all of it is there. */
export type Serve = (request: AgentRequest, connection: Connection) => void;

/** One shim and its one verb. */
export class Connection {
  /** Aborts when the shim is gone, or the agent ends the connection. */
  readonly gone: AbortSignal;
  readonly #leaving = new AbortController();
  readonly #socket: Socket<undefined>;
  readonly #serve: Serve;
  readonly #reader = new FrameReader();
  readonly #printed = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout>;
  #unsent: Uint8Array = new Uint8Array(0);
  #asked = false;
  #answered = false;
  #finished = false;

  constructor(socket: Socket<undefined>, serve: Serve) {
    this.gone = this.#leaving.signal;
    this.#socket = socket;
    this.#serve = serve;
    this.#timer = setTimeout(() => this.end(), REQUEST_MS);
    this.#printed.promise.catch(() => undefined);
  }

  get answered(): boolean {
    return this.#answered;
  }

  /** Bytes came. What is not our protocol ends the connection, and the shim falls back. */
  receive(piece: Uint8Array): void {
    try {
      for (const frame of this.#reader.push(piece)) this.#take(frame);
    } catch {
      this.end();
    }
  }

  /** There is room again for what could not be sent at once. */
  drain(): void {
    this.#send(new Uint8Array(0));
  }

  closed(): void {
    clearInterval(this.#timer);
    if (this.#finished) return;
    this.#leaving.abort();
    this.#printed.reject(new Error("the shim ended before it had printed the answer"));
  }

  /** All is said and done: the shim sees the end of the connection. */
  finish(): void {
    clearInterval(this.#timer);
    this.#finished = true;
    this.#socket.end();
  }

  end(): void {
    this.#socket.terminate();
    this.closed();
  }

  /**
   * Sends the answer and waits until the shim has printed it. Rejects only when the connection has
   * ended without that, never by time (docs/agent-protocol.md).
   */
  answer(answer: AgentAnswer): Promise<void> {
    if (this.gone.aborted) return Promise.reject(new Error("the shim is gone"));
    clearInterval(this.#timer);
    this.#answered = true;
    this.#send(answerFrame(answer));
    return this.#printed.promise;
  }

  #take({ kind, body }: Frame): void {
    if (kind === FRAME.acknowledgement && this.#answered) this.#printed.resolve();
    if (kind === FRAME.unprinted && this.#answered)
      this.#printed.reject(new Error("the answer could not be printed"));
    if (kind !== FRAME.request || this.#asked) return;
    this.#asked = true;
    const request = readRequest(body);
    clearTimeout(this.#timer);
    this.#timer = setInterval(() => this.#send(WORKING), WORKING_MS);
    this.#serve(request, this);
  }

  #send(bytes: Uint8Array): void {
    const all = this.#unsent.length === 0 ? bytes : Buffer.concat([this.#unsent, bytes]);
    const sent = all.length === 0 ? 0 : Math.max(0, this.#socket.write(all));
    this.#unsent = all.subarray(sent);
  }
}
