import type { Session } from "../http2/session.ts";
import type { Ending, Listener, Stream } from "../http2/stream.ts";
import { FrameReader, frame } from "./grpc-frames.ts";
import { type AnswerHeaders, answerHeaders, RpcError, statusOf } from "./grpc-status.ts";
import type { Init, Method } from "./methods.ts";

/** How to make a call. */
export interface RpcOptions {
  /** Sent along with the request, e.g. etcd's token. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds for the whole call, above 0; sent to the server too. Default: no limit. */
  readonly timeoutMs?: number;
}

/** An open session, and the URL of its server. */
export interface Channel {
  readonly session: Session;
  readonly origin: URL;
}

/**
 * Makes a call with one request and one answer. gRPC adds to HTTP/2 only a prefix of five bytes and a status in the
 * trailers (grpc/doc/PROTOCOL-HTTP2.md); a client library for it would cost 8 ms of each plugin run and two thirds of
 * the agent's throughput. Rejects with RpcError, which says whether the request was sent.
 */
export function unary<I, O>(
  channel: Channel,
  method: Method<I, O>,
  request: Init<I>,
  options: RpcOptions,
): Promise<O> {
  const body = encoded(method, request);
  return new Promise((resolve, reject) => {
    const frames = new FrameReader();
    let answer: Uint8Array | undefined;
    const stream = openStream(channel, method.path, options, {
      data: (bytes) => {
        answer ??= frames.read(bytes)[0];
        stream.consumed(bytes.length);
      },
      end: (failure) => {
        clearTimeout(timer);
        if (failure !== undefined) return reject(failure);
        if (answer === undefined) return reject(new RpcError("internal", "the answer is empty"));
        try {
          resolve(method.answer.decode(answer));
        } catch (fault) {
          reject(new RpcError("internal", `the answer cannot be read: ${fault}`));
        }
      },
    });
    const { timeoutMs } = options;
    const late = () => {
      reject(
        stream.begun
          ? new RpcError("deadline-exceeded", `nothing came within ${timeoutMs} ms`)
          : new RpcError("not-sent", `the server took no further request within ${timeoutMs} ms`),
      );
      stream.cancel();
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
    stream.write(body, true);
  });
}

/**
 * Makes a call with one request, and yields answers until the caller leaves the loop or the stream breaks.
 * Keeps its own half of the stream open, because etcd ends a watch whose client has closed it. Rejects with
 * RpcError.
 */
export async function* subscribe<I, O>(
  channel: Channel,
  method: Method<I, O>,
  request: Init<I>,
  options: RpcOptions & { readonly signal: AbortSignal },
): AsyncGenerator<O> {
  const chunks: Uint8Array[] = [];
  let wake = () => {};
  let ended: { readonly failure: Error | undefined } | undefined;
  const stream = openStream(
    channel,
    method.path,
    { ...options, lasting: true },
    {
      data: (bytes) => {
        chunks.push(bytes);
        wake();
      },
      end: (failure) => {
        ended = { failure };
        wake();
      },
    },
  );
  const stop = () => stream.cancel();
  options.signal.addEventListener("abort", stop);
  if (options.signal.aborted) stop();
  const frames = new FrameReader();
  try {
    stream.write(encoded(method, request), false);
    for (;;) {
      const chunk = chunks.shift();
      if (chunk === undefined && ended !== undefined) break;
      if (chunk === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      for (const answer of frames.read(chunk)) yield method.answer.decode(answer);
      // Only now: a slow reader keeps the server from sending more.
      stream.consumed(chunk.length);
    }
  } finally {
    options.signal.removeEventListener("abort", stop);
    stop();
  }
  if (ended?.failure !== undefined) throw ended.failure;
}

function encoded<I>({ request: codec }: Method<I, unknown>, request: Init<I>): Uint8Array {
  return frame(codec.encode(codec.fromPartial(request)).finish());
}

interface Ears {
  data(bytes: Uint8Array): void;
  /** Undefined where the server said that all is well. */
  end(failure: Error | undefined): void;
}

function openStream(
  { session, origin }: Channel,
  path: string,
  { headers, timeoutMs, lasting }: RpcOptions & { readonly lasting?: true },
  ears: Ears,
): Stream {
  if (!session.usable) throw new RpcError("not-sent", "the connection is closed");
  let heard: AnswerHeaders = {};
  const listener: Listener = {
    headers: (more) => {
      heard = { ...heard, ...answerHeaders(more) };
    },
    data: ears.data,
    end: ({ lost, resetCode }: Ending) => {
      const broken =
        lost ?? (resetCode === undefined ? "the connection was lost" : `the stream was reset (${resetCode})`);
      ears.end(statusOf(heard, resetCode, broken));
    },
  };
  const request = {
    ":method": "POST",
    ":scheme": origin.protocol.replace(":", ""),
    ":path": path,
    ":authority": origin.host,
    "content-type": "application/grpc",
    te: "trailers",
    ...(timeoutMs !== undefined && { "grpc-timeout": `${timeoutMs}m` }),
    ...headers,
  };
  return session.request(request, listener, lasting);
}
