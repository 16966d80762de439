import { CODE } from "../http2/frames.ts";

/** How a call failed: a gRPC status (grpc/doc/statuscodes.md), or what happened to the connection. */
export type RpcCode =
  /** The server has certainly not processed it. */
  | "not-sent"
  /** The stream broke before the server said how the call ended. */
  | "broken"
  | (typeof STATUS)[number];

const STATUS = [
  "ok",
  "canceled",
  "unknown",
  "invalid-argument",
  "deadline-exceeded",
  "not-found",
  "already-exists",
  "permission-denied",
  "resource-exhausted",
  "failed-precondition",
  "aborted",
  "out-of-range",
  "unimplemented",
  "internal",
  "unavailable",
  "data-loss",
  "unauthenticated",
] as const;

/** The failure of a call. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: RpcCode;

  constructor(code: RpcCode, message: string) {
    super(message);
    this.code = code;
  }
}

const SAYING = [":status", "grpc-status", "grpc-message"] as const;

/** What headers and trailers of an answer say of the call, as far as they came. */
export type AnswerHeaders = Readonly<Partial<Record<(typeof SAYING)[number], string>>>;

/** Keeps what says something: a server may send any others, without end. */
export function answerHeaders(headers: Readonly<Record<string, string>>): AnswerHeaders {
  return Object.fromEntries(SAYING.filter((name) => name in headers).map((name) => [name, headers[name]]));
}

/** The failure that headers and trailers report; undefined for success. `broken`: why a stream ended without a status. */
export function statusOf(headers: AnswerHeaders, resetCode: number | undefined, broken: string) {
  const status = headers["grpc-status"];
  if (status === "0") return undefined;
  if (status !== undefined) {
    return new RpcError(STATUS[Number(status)] ?? "unknown", decoded(headers["grpc-message"] ?? ""));
  }
  // RFC 9113 section 8.7: a refused stream was not processed in any way.
  if (resetCode === CODE.refused) {
    return new RpcError("not-sent", "the server refused the stream");
  }
  const http = headers[":status"] ?? "200";
  if (http === "200") return new RpcError("broken", broken);
  return new RpcError(
    http === "404" ? "unimplemented" : "unavailable",
    `HTTP status ${http} instead of gRPC`,
  );
}

/** Messages are percent-encoded (grpc/doc/PROTOCOL-HTTP2.md, "Status-Message"). */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
