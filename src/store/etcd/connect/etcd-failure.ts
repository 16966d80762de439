import { StoreFailure, type StoreFailureKind } from "../../../ipam/store-port.ts";
import type { Trouble, TroubleKind } from "../wire/trouble.ts";
import type { DialFailure } from "./dial-failure.ts";

/** A StoreFailure that still knows what etcd's trouble was, for those in here who can do something. */
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

/** What a message about a call names. */
export interface FailureContext {
  readonly endpoint: string;
  /** Undefined: the CN of the client certificate, if there is one. */
  readonly username: string | undefined;
  readonly certFile: string | undefined;
  readonly prefix: string;
}

/** A call's trouble in words for the person who has to act, with the way out. */
export function callFailure(trouble: Trouble, context: FailureContext): EtcdFailure {
  const { kind, mayHaveHappened, reason } = trouble;
  const at = `etcd at ${context.endpoint}`;
  const [storeKind, message, remedy] = describe(kind, reason, at, context);
  return new EtcdFailure(storeKind, { trouble: kind, mayHaveHappened }, message, remedy);
}

/** No endpoint could be used. Refused where each of them wants a person to act. */
export function dialFailure(failures: readonly DialFailure[]): EtcdFailure {
  const refused = failures.filter(({ kind }) => kind === "refused");
  const kind = refused.length === failures.length ? "refused" : "unavailable";
  const verb = kind === "refused" ? "refuses this node" : "cannot be reached";
  const remedy =
    refused[0]?.remedy ?? "It is tried again; see that etcd runs and that this node may reach it.";
  const detail = {
    trouble: kind === "refused" ? "permission" : "unreachable",
    mayHaveHappened: false,
  } as const;
  return new EtcdFailure(kind, detail, `etcd ${verb}: ${reasons(failures)}`, remedy);
}

/** Time was up before an answer came, or before anything was sent. */
export function lateFailure(what: string, mayHaveHappened = false): EtcdFailure {
  const detail = { trouble: "unreachable", mayHaveHappened } as const;
  return new EtcdFailure("unavailable", detail, what, "It is tried again.");
}

/** Somebody used the store after closing it. */
export function closedFailure(): EtcdFailure {
  return new EtcdFailure(
    "unavailable",
    { trouble: "invalid", mayHaveHappened: false },
    "the store is closed",
  );
}

/** What a write's failure means for its caller: RESOLVED begins here. */
export function writeFailure(failure: EtcdFailure): EtcdFailure {
  if (!failure.mayHaveHappened) return failure;
  return new EtcdFailure(
    "unknown-outcome",
    { trouble: failure.trouble, mayHaveHappened: true },
    `it is unknown whether the write happened: ${failure.message}`,
    "It is read back before anything else happens.",
  );
}

function describe(
  kind: TroubleKind,
  reason: string,
  at: string,
  { username, certFile, prefix }: FailureContext,
): [StoreFailureKind, string, string] {
  const user =
    username === undefined ? `the user in the CN of ${certFile ?? "no certificate"}` : `user "${username}"`;
  switch (kind) {
    case "permission":
      return [
        "refused",
        `${at} denies ${user} the keys below ${prefix}/`,
        `Give its role readwrite on the prefix ${prefix}/ (deploy/etcd/create-user.sh does).`,
      ];
    case "no-user":
      return [
        "refused",
        `${at} wants a user: authentication is on and the configuration names none`,
        "Set username and passwordFile in etcdConfig, or use a client certificate whose CN is the user.",
      ];
    case "password":
      return [
        "refused",
        `${at} does not accept name and password of ${user}`,
        "Correct username and password.",
      ];
    case "token":
      return [
        "refused",
        `${at} takes no token of ${user}: ${reason}`,
        "Look at etcd's --auth-token settings.",
      ];
    case "no-space":
      return [
        "no-space",
        `${at} refuses to write: ${reason}`,
        "Compact and defragment etcd or raise --quota-backend-bytes, then run etcdctl alarm disarm.",
      ];
    case "corrupt":
      return ["unwritable", `${at} reports corrupt data: ${reason}`, "Restore the member or the cluster."];
    case "invalid":
      return [
        "refused",
        `${at} does not accept the request: ${reason}`,
        "Expected etcd 3.4 or newer, v3 API (gRPC).",
      ];
    case "compacted":
      return ["history-lost", `${at} no longer keeps the revision asked for`, "List again."];
    default:
      return [
        "unavailable",
        `${at} does not answer: ${reason}`,
        "It is tried again; see that etcd is healthy.",
      ];
  }
}

/** "a, b: connection refused; c: no answer within 1000 ms". */
function reasons(failures: readonly DialFailure[]): string {
  const byReason = Map.groupBy(failures, ({ reason }) => reason);
  return [...byReason]
    .map(([reason, group]) => `${group.map(({ endpoint }) => endpoint).join(", ")}: ${reason}`)
    .join("; ");
}
