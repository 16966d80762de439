import { type RpcCode, RpcError } from "./grpc-status.ts";

/** What an error of a call means for us. */
export interface Trouble {
  readonly kind: TroubleKind;
  /** What etcd or the connection said, without "not found": containerd takes that for a DEL's success. */
  readonly reason: string;
  /**
   * False where the request certainly changed nothing, so that even a write may be sent again;
   * true where nobody knows (RESOLVED).
   */
  readonly mayHaveHappened: boolean;
}

export type TroubleKind =
  /** This endpoint does not serve us now; another one, or later, may. */
  | "unreachable"
  /** etcd asks us to come back later. */
  | "busy"
  /** Our token is no longer good; a new one may be. */
  | "token"
  /** The lease a put names is gone. */
  | "lease"
  /** The revision asked for is no longer kept. */
  | "compacted"
  | "permission"
  | "no-user"
  | "password"
  | "no-space"
  | "corrupt"
  /** A request that etcd will never accept. */
  | "invalid";

/**
 * etcd's texts (api/v3rpc/rpctypes/error.go, the same from 3.4 to 3.6): its codes are too coarse.
 * Each of these is said before the request is proposed, or by the apply itself, which then wrote
 * nothing. "no leader" is the answer to our `hasleader` header, given before anything else.
 */
const CERTAIN: readonly (readonly [RegExp, TroubleKind])[] = [
  [/database space exceeded/, "no-space"],
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

/** Reads an error of a call that was made on an open connection. */
export function troubleOf(error: unknown): Trouble {
  const { code, message } = error instanceof RpcError ? error : new RpcError("broken", String(error));
  const reason = message.replace(/^etcdserver: (mvcc: )?/, "").replace("not found", "missing");
  if (code === "not-sent") return { kind: "unreachable", reason, mayHaveHappened: false };
  const certain = CERTAIN.find(([text]) => text.test(message));
  if (certain !== undefined) return { kind: certain[1], reason, mayHaveHappened: false };
  if (NEVER_ACCEPTED.includes(code)) return { kind: "invalid", reason, mayHaveHappened: false };
  return { kind: "unreachable", reason, mayHaveHappened: true };
}
