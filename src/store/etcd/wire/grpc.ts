import { type ClientHttp2Session, type ClientHttp2Stream, constants } from "node:http2";
import { FrameReader, frame } from "./grpc-frames.ts";
import { type AnswerHeaders, RpcError, statusOf } from "./grpc-status.ts";
import type { Init, Method } from "./methods.ts";

/** How to make a call. */
export interface RpcOptions {
  /** Sent along with the request, e.g. etcd's token. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds for the whole call, above 0; sent to the server too. Default: no limit. */
  readonly timeoutMs?: number;
}

/**
 * Makes a call with one request and one answer, over an open HTTP/2 session. gRPC adds only a prefix of five
 * bytes and a status in the trailers (grpc/doc/PROTOCOL-HTTP2.md); a client library for it would cost
 * 8 ms of each plugin run and two thirds of the agent's throughput. Rejects with RpcError, which says
 * whether the request was sent.
 */
export function unary<I, O>(
  session: ClientHttp2Session,
  method: Method<I, O>,
  request: Init<I>,
  options: RpcOptions,
): Promise<O> {
  const body = encoded(method, request);
  const stream = openStream(session, method.path, options);
  return new Promise((resolve, reject) => {
    const { timeoutMs } = options;
    const late = () => end(new RpcError("deadline-exceeded", `nothing came within ${timeoutMs} ms`));
    const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
    const end = (failure: Error | undefined, answer?: Uint8Array) => {
      clearTimeout(timer);
      if (failure === undefined && answer !== undefined) return resolve(method.answer.decode(answer));
      reject(failure ?? new RpcError("internal", "the answer is empty"));
      if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
    };
    const frames = new FrameReader();
    const answers: Uint8Array[] = [];
    stream.on("data", (chunk: Uint8Array) => answers.push(...frames.read(chunk)));
    onEnd(stream, (failure) => end(failure, answers[0]));
    stream.end(body);
  });
}

/**
 * Makes a call with one request, and yields answers until the caller leaves the loop or the stream breaks.
 * Keeps its own half of the stream open, because etcd ends a watch whose client has closed it. Rejects with
 * RpcError.
 */
export async function* subscribe<I, O>(
  session: ClientHttp2Session,
  method: Method<I, O>,
  request: Init<I>,
  options: RpcOptions & { readonly signal: AbortSignal },
): AsyncGenerator<O> {
  const stream = openStream(session, method.path, options);
  const failed = new Promise<Error | undefined>((resolve) => onEnd(stream, resolve));
  const stop = () => stream.close(constants.NGHTTP2_CANCEL);
  options.signal.addEventListener("abort", stop);
  if (options.signal.aborted) stop();
  try {
    stream.write(encoded(method, request));
    const frames = new FrameReader();
    for await (const chunk of stream) {
      for (const answer of frames.read(chunk)) yield method.answer.decode(answer);
    }
  } catch {
    // `failed` says what broke the stream, as for a unary call.
  } finally {
    options.signal.removeEventListener("abort", stop);
    if (!stream.closed) stop();
  }
  const failure = await failed;
  if (failure !== undefined) throw failure;
}

function encoded<I>({ request: codec }: Method<I, unknown>, request: Init<I>): Uint8Array {
  return frame(codec.encode(codec.fromPartial(request)).finish());
}

function openStream(
  session: ClientHttp2Session,
  path: string,
  { headers, timeoutMs }: RpcOptions,
): ClientHttp2Stream {
  if (session.closed || session.destroyed) throw new RpcError("not-sent", "the connection is closed");
  try {
    return session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...(timeoutMs === undefined ? {} : { "grpc-timeout": `${timeoutMs}m` }),
      ...headers,
    });
  } catch {
    throw new RpcError("not-sent", "the connection is closed");
  }
}

/** Calls back once, when the stream has ended: with undefined where the server said that all is well. */
function onEnd(stream: ClientHttp2Stream, done: (failure: Error | undefined) => void): void {
  let headers: AnswerHeaders = {};
  let broken = "the connection was lost";
  stream.on("response", (first) => {
    headers = first;
  });
  stream.on("trailers", (trailers) => {
    headers = { ...headers, ...trailers };
  });
  stream.on("error", (error: Error) => {
    broken = error.message;
  });
  stream.once("close", () => done(statusOf(headers, stream.rstCode, broken)));
}
