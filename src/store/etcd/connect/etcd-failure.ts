import { StoreFailure, type StoreFailureKind } from "../../../ipam/store-port.ts";
import type { Trouble, TroubleKind } from "../wire/trouble.ts";
import type { DialFailure } from "./dial-failure.ts";

/** A StoreFailure with etcd's trouble, for code in this room that can act on it. */
export class EtcdFailure extends StoreFailure {
  readonly trouble: TroubleKind;
  /** See Trouble.mayHaveHappened. */
  readonly mayHaveHappened: boolean;

  constructor(kind: StoreFailureKind, { trouble, mayHaveHappened }: Detail, message: string, remedy = "") {
    super(kind, message, remedy);
    this.trouble = trouble;
    this.mayHaveHappened = mayHaveHappened;
  }
}

interface Detail {
  readonly trouble: TroubleKind;
  readonly mayHaveHappened: boolean;
}

/** The names in a message about a call. */
export interface FailureContext {
  readonly endpoint: string;
  /** Undefined: the user is the CN of the client certificate, if there is one. */
  readonly username: string | undefined;
  readonly certFile: string | undefined;
  readonly prefix: string;
}

/** The failure for a call's trouble, with what to do. */
export function callFailure(trouble: Trouble, context: FailureContext): EtcdFailure {
  const { kind, mayHaveHappened, reason } = trouble;
  const at = `etcd at ${context.endpoint}`;
  const [storeKind, message, remedy] = describe(kind, reason, at, context);
  return new EtcdFailure(storeKind, { trouble: kind, mayHaveHappened }, message, remedy);
}

/** The failure where no endpoint could be used. "refused" where each of them needs a person to act. */
export function dialFailure(failures: readonly DialFailure[]): EtcdFailure {
  const refused = failures.filter(({ kind }) => kind === "refused");
  const kind = refused.length === failures.length ? "refused" : "unavailable";
  const verb = kind === "refused" ? "refuses this node" : "cannot be reached";
  const remedy = refused[0]?.remedy ?? "try again; check that etcd runs and that this node can reach it";
  const detail = {
    trouble: kind === "refused" ? "permission" : "unreachable",
    mayHaveHappened: false,
  } as const;
  return new EtcdFailure(kind, detail, `etcd ${verb}: ${reasons(failures)}`, remedy);
}

/** The failure past the deadline. `mayHaveHappened`: the request was sent. */
export function lateFailure(what: string, mayHaveHappened = false): EtcdFailure {
  const detail = { trouble: "unreachable", mayHaveHappened } as const;
  return new EtcdFailure("unavailable", detail, what, "try again");
}

/** The failure for a call after `close`. */
export function closedFailure(): EtcdFailure {
  return new EtcdFailure(
    "unavailable",
    { trouble: "invalid", mayHaveHappened: false },
    "the store is closed",
  );
}

/** Turns a write's failure into "unknown-outcome" where the write may have happened (RESOLVED). */
export function writeFailure(failure: EtcdFailure): EtcdFailure {
  if (!failure.mayHaveHappened) return failure;
  return new EtcdFailure(
    "unknown-outcome",
    { trouble: failure.trouble, mayHaveHappened: true },
    `it is unknown whether the write happened: ${failure.message}`,
    "kube-ipam reads it back before it does anything else",
  );
}

function describe(
  kind: TroubleKind,
  reason: string,
  at: string,
  { username, certFile, prefix }: FailureContext,
): [StoreFailureKind, string, string] {
  const user = username === undefined ? certificateUser(certFile) : `user "${username}"`;
  switch (kind) {
    case "permission":
      return [
        "refused",
        `${at} denies ${user} the keys below ${prefix}/`,
        `give its role readwrite on the prefix ${prefix}/ (deploy/etcd/create-user.sh does)`,
      ];
    case "no-user":
      return [
        "refused",
        `${at} wants a user: authentication is on, but the configuration names none`,
        "set username and passwordFile in etcdConfig, or use a client certificate whose CN is the user",
      ];
    case "password":
      return [
        "refused",
        `${at} does not accept name and password of ${user}`,
        "correct username and password",
      ];
    case "token":
      return [
        "refused",
        `${at} does not accept the token of ${user}: ${reason}`,
        "look at etcd's --auth-token settings",
      ];
    case "no-space":
      return [
        "no-space",
        `${at} refuses to write: ${reason}`,
        "compact and defragment etcd or raise --quota-backend-bytes, then run 'etcdctl alarm disarm'",
      ];
    case "corrupt":
      return ["unwritable", `${at} reports corrupt data: ${reason}`, "restore the member or the cluster"];
    case "too-large":
      return [
        "unwritable",
        `${at} does not take so large a request: ${reason}`,
        "write less at once, or raise etcd's --max-request-bytes",
      ];
    case "invalid":
      return [
        "refused",
        `${at} does not accept the request: ${reason}`,
        "expected etcd 3.4 or newer, v3 API (gRPC)",
      ];
    case "compacted":
      return ["history-lost", `${at} no longer keeps the revision asked for`, "list the records again"];
    default:
      return ["unavailable", `${at} does not answer: ${reason}`, "try again; check that etcd is healthy"];
  }
}

function certificateUser(certFile: string | undefined): string {
  return certFile === undefined
    ? "a client without user and certificate"
    : `the user in the CN of ${certFile}`;
}

/** "a, b: connection refused; c: no answer within 1000 ms". */
function reasons(failures: readonly DialFailure[]): string {
  const byReason = Map.groupBy(failures, ({ reason }) => reason);
  return [...byReason]
    .map(([reason, group]) => `${group.map(({ endpoint }) => endpoint).join(", ")}: ${reason}`)
    .join("; ");
}
