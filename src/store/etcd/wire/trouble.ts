import { type RpcCode, RpcError } from "./grpc-status.ts";

/** The meaning of a call's error. */
export interface Trouble {
  readonly kind: TroubleKind;
  /** What etcd or the connection said, without "not found": containerd takes that for a DEL's success. */
  readonly reason: string;
  /**
   * False where the request certainly changed nothing, so that even a write may be sent again; true where
   * that is unknown (RESOLVED).
   */
  readonly mayHaveHappened: boolean;
}

/** What is wrong. */
export type TroubleKind =
  /** This endpoint does not serve this client now; another endpoint may, or this one later. */
  | "unreachable"
  /** etcd asks to try again later. */
  | "busy"
  /** The token is no longer valid; a new one may be. */
  | "token"
  /** The lease of a put is gone. */
  | "lease"
  /** etcd no longer has the revision. */
  | "compacted"
  | "permission"
  | "no-user"
  | "password"
  | "no-space"
  | "corrupt"
  /** A request of more bytes than etcd, or its proxy, takes. */
  | "too-large"
  /** The connection that a transaction depends on is lost. */
  | "other-connection"
  /** A request that etcd will never accept. */
  | "invalid";

/**
 * etcd's texts (api/v3rpc/rpctypes/error.go, the same from 3.4 to 3.6): its codes are too coarse.
 * Each of these is said before the request is proposed, or by the apply itself, which then wrote
 * nothing. "no leader" is the answer to our `hasleader` header, given before anything else.
 */
const CERTAIN: readonly (readonly [RegExp, TroubleKind])[] = [
  [/database space exceeded/, "no-space"],
  // By etcd before it proposes (--max-request-bytes); by gRPC on its way in, 512 KiB later; by etcd's grpc-proxy.
  [/request is too large|(received|send) message larger than max/, "too-large"],
  [/corrupt cluster/, "corrupt"],
  [/requested lease not found/, "lease"],
  [/required revision has been compacted/, "compacted"],
  [/invalid auth token|revision of auth store is old/, "token"],
  [/permission denied/, "permission"],
  [/user name is empty/, "no-user"],
  [/authentication failed/, "password"],
  [/too many requests/, "busy"],
  [/no leader|not supported for learner|raft proposal dropped/, "unreachable"],
];

const NEVER_ACCEPTED: readonly RpcCode[] = [
  "invalid-argument",
  "unimplemented",
  "out-of-range",
  "failed-precondition",
];

/** Classifies the error of a call on an open connection. */
export function troubleOf(error: unknown): Trouble {
  const { code, message } = error instanceof RpcError ? error : new RpcError("broken", String(error));
  const reason = message.replace(/^etcdserver: (mvcc: )?/, "").replace("not found", "missing");
  if (code === "not-sent") return { kind: "unreachable", reason, mayHaveHappened: false };
  const certain = CERTAIN.find(([text]) => text.test(message));
  if (certain !== undefined) return { kind: certain[1], reason, mayHaveHappened: false };
  if (NEVER_ACCEPTED.includes(code)) return { kind: "invalid", reason, mayHaveHappened: false };
  return { kind: "unreachable", reason, mayHaveHappened: true };
}
