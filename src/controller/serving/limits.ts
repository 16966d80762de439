import { CAPS } from "../../address/caps.ts";

/** What clients may take of the HTTPS server before anybody knows who they are. Milliseconds and bytes. */
export interface ServingLimits {
  /** Connections at once. */
  readonly connections: number;
  /** For the TLS handshake. */
  readonly handshakeMs: number;
  /** For the first request's headers, after the handshake. */
  readonly headersMs: number;
  /** For a whole body, after its headers. */
  readonly bodyMs: number;
  /** For our answer, until the client has it. */
  readonly answerMs: number;
  /** From an answer to the headers of the next request. */
  readonly idleMs: number;
  /** One body. */
  readonly body: number;
  /** What a body may take without a share of `bodies`: a small request passes however full that is. */
  readonly smallBody: number;
  /** All that is larger, together. With the small ones: 32 MiB. */
  readonly bodies: number;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const SERVING_LIMITS: ServingLimits = {
  connections: 256,
  handshakeMs: 5_000,
  headersMs: 10_000,
  bodyMs: 10_000,
  answerMs: 60_000,
  idleMs: 60_000,
  body: CAPS.requestBody,
  smallBody: 32 * KIB,
  bodies: 24 * MIB,
};
