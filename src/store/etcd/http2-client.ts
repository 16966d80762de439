import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import type { UniversalClientFn, UniversalClientRequest } from "@connectrpc/connect/protocol";

/** The request certainly never left this process, or the server says that it did not look at it. */
export class NotSent extends Error {
  override readonly name = "NotSent";
}

/**
 * Carries gRPC over one HTTP/2 session that is open already. A session of our own, because only so
 * do we know for sure whether a request was sent (RESOLVED): opening comes before, never inside.
 */
export function http2Client(session: ClientHttp2Session): UniversalClientFn {
  return async (request) => {
    const stream = openStream(session, request);
    const abort = () => stream.destroy(asError(request.signal?.reason));
    stream.once("close", () => request.signal?.removeEventListener("abort", abort));
    request.signal?.addEventListener("abort", abort);
    if (request.signal?.aborted) abort();
    const answered = response(stream);
    await Promise.race([send(stream, request), answered]);
    return answered;
  };
}

function openStream(session: ClientHttp2Session, request: UniversalClientRequest): ClientHttp2Stream {
  if (session.closed || session.destroyed) throw new NotSent("the connection is closed");
  try {
    return session.request({
      ...Object.fromEntries(request.header),
      ":method": request.method,
      ":path": new URL(request.url).pathname,
    });
  } catch (error) {
    throw new NotSent("the connection is closed", { cause: error });
  }
}

async function send(
  stream: ClientHttp2Stream,
  { body = [] as never }: UniversalClientRequest,
): Promise<void> {
  for await (const chunk of body) {
    if (stream.destroyed) return;
    stream.write(chunk);
  }
  if (!stream.destroyed) stream.end();
}

function response(stream: ClientHttp2Stream): ReturnType<UniversalClientFn> {
  return new Promise((resolve, reject) => {
    const trailer = new Headers();
    stream.on("trailers", (headers) => copyHeaders(headers, trailer));
    stream.once("response", (headers) => {
      const header = copyHeaders(headers, new Headers());
      resolve({ status: headers[":status"] ?? 0, header, body: chunks(stream), trailer });
    });
    stream.on("error", (error) => reject(failure(stream, error)));
    stream.once("close", () => reject(failure(stream, new Error("the connection was lost"))));
  });
}

async function* chunks(stream: ClientHttp2Stream): AsyncIterable<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw failure(stream, asError(error));
  }
}

/** RFC 9113 section 8.7: a refused stream was not processed in any way. */
function failure(stream: ClientHttp2Stream, error: Error): Error {
  return stream.rstCode === constants.NGHTTP2_REFUSED_STREAM
    ? new NotSent("the server refused the stream", { cause: error })
    : error;
}

function copyHeaders(headers: IncomingHttpHeaders, into: Headers): Headers {
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(":") && value !== undefined) into.set(name, String(value));
  }
  return into;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
