import { Session } from "../http2/session.ts";
import { type RpcOptions, subscribe, unary } from "../wire/grpc.ts";
import type { Init, Method } from "../wire/methods.ts";
import { openSocket } from "./socket.ts";
import type { TlsMaterial } from "./tls-files.ts";

/** Milliseconds. A frozen peer never closes a connection; no call takes so long. */
const RETIRED_MS = 60_000;
/** Milliseconds. etcd ends a connection that it is pinged on more often than every 5 s, however many ask for a ping. */
const PING_PAUSE_MS = 5_500;

/** One HTTP/2 connection to one endpoint, open from the start until it breaks or is closed. */
export interface Connection {
  readonly endpoint: string;
  /** No other connection of this process has it. */
  readonly number: number;
  /** The stamp of the certificate files that it was opened with; "" without TLS. */
  readonly stamp: string;
  /** One request, one answer; rejects with RpcError. */
  call<I, O>(method: Method<I, O>, request: Init<I>, options: RpcOptions): Promise<O>;
  /** One request, answers until `signal` aborts; rejects with RpcError. */
  subscribe<I, O>(
    method: Method<I, O>,
    request: Init<I>,
    options: RpcOptions & { readonly signal: AbortSignal },
  ): AsyncIterable<O>;
  /** Whether it takes new requests. */
  usable(): boolean;
  /** Whether the peer answers a ping within `ms` milliseconds, or has just now; otherwise the connection is closed. */
  answers(ms: number): Promise<boolean>;
  /** Takes no new requests, and closes when those under way have ended. */
  retire(): void;
  /** Closes it at once; calls under way fail. */
  close(): void;
}

/**
 * Opens a connection: TCP, TLS, and the server's HTTP/2 settings. Those come only after the server has
 * accepted the client certificate, and never from a frozen process, so that all faults show before the
 * first request. Rejects with the plain error.
 *
 * @param tls undefined for http.
 */
export function openConnection(
  endpoint: string,
  tls: TlsMaterial | undefined,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let session: Session | undefined;
    let isOver = false;
    const timer = setTimeout(() => fail(new DialTimeout(timeoutMs)), timeoutMs);
    const fail = (error: Error) => {
      settle();
      close();
      reject(error);
    };
    const cancelled = () => fail(new Error("not needed any more"));
    const settle = () => {
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", cancelled);
    };
    const close = openSocket(endpoint, tls, {
      opened: (output) => {
        const made = new Session(output, {
          ready: () => {
            settle();
            resolve(makeConnection(endpoint, made, tls?.stamp ?? ""));
          },
          lost: (reason) => {
            close();
            if (!isOver) fail(new Error(reason));
          },
        });
        session = made;
      },
      data: (bytes) => session?.receive(bytes),
      closed: (error) => {
        if (!isOver) fail(error ?? new Error("the server closed the connection at once"));
        session?.lose(error?.message ?? "the connection was lost");
      },
    });
    signal.addEventListener("abort", cancelled);
  });
}

/** No answer came: the machine is gone, a firewall drops packets, or the process is frozen. */
export class DialTimeout extends Error {
  override readonly name = "DialTimeout";
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
  }
}

let made = 0;

function makeConnection(endpoint: string, session: Session, stamp: string): Connection {
  const origin = new URL(endpoint);
  const answers = makePing(session);
  made += 1;
  return {
    endpoint,
    number: made,
    stamp,
    call: async (method, request, options) => unary({ session, origin }, method, request, options),
    subscribe: (method, request, options) => subscribe({ session, origin }, method, request, options),
    usable: () => session.usable,
    answers,
    retire: () => {
      session.leave();
      setTimeout(() => session.lose("the connection was given up"), RETIRED_MS).unref();
    },
    close: () => session.lose("the connection was closed"),
  };
}

/** All who ask at once wait for one ping. */
function makePing(session: Session): (ms: number) => Promise<boolean> {
  let answered = Number.NEGATIVE_INFINITY;
  let underWay: Promise<boolean> | undefined;
  const ping = () =>
    new Promise<boolean>((resolve) => {
      session.ping((isAnswered) => {
        underWay = undefined;
        if (isAnswered) answered = performance.now();
        resolve(isAnswered);
      });
    });
  return async (ms) => {
    if (!session.isLost && performance.now() - answered < PING_PAUSE_MS) return true;
    underWay ??= ping();
    const timer = setTimeout(() => session.lose("the server does not answer"), ms);
    try {
      return await underWay;
    } finally {
      clearTimeout(timer);
    }
  };
}
