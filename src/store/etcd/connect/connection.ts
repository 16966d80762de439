import { type ClientHttp2Session, connect, type SecureClientSessionOptions } from "node:http2";
import type { LookupFunction } from "node:net";
import { AS_GO, trusting } from "../../../tls/as-go.ts";
import { type RpcOptions, subscribe, unary } from "../wire/grpc.ts";
import type { Init, Method } from "../wire/methods.ts";
import type { TlsMaterial } from "./tls-files.ts";

/** Milliseconds. A frozen peer never closes a connection; no call takes so long. */
const RETIRED_MS = 60_000;

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
  /** Whether the peer answers a ping within `ms` milliseconds; otherwise the connection is closed. */
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
    const session = connect(endpoint, sessionOptions(tls));
    const timer = setTimeout(() => fail(new DialTimeout(timeoutMs)), timeoutMs);
    const fail = (error: Error) => {
      settle();
      session.destroy();
      reject(error);
    };
    const cancelled = () => fail(new Error("not needed any more"));
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", cancelled);
    };
    session.on("error", fail);
    session.once("close", () => fail(new Error("the server closed the connection at once")));
    session.once("remoteSettings", () => {
      settle();
      resolve(makeConnection(endpoint, session, tls?.stamp ?? ""));
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

function sessionOptions(tls: TlsMaterial | undefined): SecureClientSessionOptions {
  const named: SecureClientSessionOptions = { lookup: lookupAll };
  if (tls === undefined) return named;
  const { cert, key, ca } = tls;
  return { ...named, ...AS_GO, ...(cert && { cert }), ...(key && { key }), ...trusting(ca) };
}

/**
 * Asks for all addresses of a name. By itself Bun asks without those of a family that no interface but loopback has
 * (AI_ADDRCONFIG): a name of 127.0.0.1 would lead nowhere on a node whose network is IPv6.
 */
const lookupAll: LookupFunction = (name, options, answered) =>
  // Only for names: most endpoints are numbers, and each module costs a plugin time.
  void import("node:dns").then(({ lookup }) => lookup(name, { ...options, hints: 0 }, answered));

let made = 0;

function makeConnection(endpoint: string, session: ClientHttp2Session, stamp: string): Connection {
  let retired = false;
  made += 1;
  session.once("goaway", () => {
    retired = true;
  });
  return {
    endpoint,
    number: made,
    stamp,
    call: async (method, request, options) => unary(session, method, request, options),
    subscribe: (method, request, options) => subscribe(session, method, request, options),
    usable: () => !retired && !session.closed && !session.destroyed,
    answers: (ms) => ping(session, ms),
    retire: () => {
      retired = true;
      if (!session.destroyed) session.close();
      setTimeout(() => session.destroy(), RETIRED_MS).unref();
    },
    close: () => {
      retired = true;
      session.destroy();
    },
  };
}

function ping(session: ClientHttp2Session, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => done(false), ms);
    const done = (alive: boolean) => {
      clearTimeout(timer);
      if (!alive) session.destroy();
      resolve(alive);
    };
    if (session.closed || session.destroyed) return done(false);
    session.ping((error) => done(error === null || error === undefined));
  });
}
