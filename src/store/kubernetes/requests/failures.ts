import { IpamError } from "../../../ipam/errors.ts";
import { StoreFailure } from "../../../ipam/store-port.ts";
import { isUnconnected } from "../../../kubernetes/api/reach.ts";

/** An answer of the API server that is no success. */
export interface Refusal {
  readonly httpStatus: number;
  readonly reason: string;
  readonly message: string;
}

/** The failure of an answer to a read, or to a write that was certainly not performed. */
export function refusedBy(server: string, { httpStatus, message, reason }: Refusal): StoreFailure {
  const said = message === "" ? `HTTP ${httpStatus}` : message;
  if (httpStatus === 401)
    return new StoreFailure(
      "refused",
      `the API server at ${server} does not accept the credentials (401)`,
      "the token or client certificate is wrong, revoked or expired: renew it",
    );
  if (httpStatus === 404)
    return new StoreFailure(
      "refused",
      `the API server at ${server} lacks kube-ipam's resources (${said})`,
      "install them: kubectl apply -f deploy/manifests/crds.yaml, or helm install",
    );
  if (httpStatus === 403 && message.includes(CONTROLLER_FREES))
    return new StoreFailure(
      "unavailable",
      `the API server at ${server} keeps a node to what it holds: ${said.slice(said.indexOf(DENIED) + DENIED.length)}`,
      "try again; it takes seconds where a controller runs",
    );
  if (httpStatus === 403 || httpStatus === 422)
    return new StoreFailure(
      "refused",
      `the API server at ${server} refuses it: ${said}`,
      "see which rights docs/security.md names for this account",
    );
  if (httpStatus === 413)
    return new StoreFailure(
      "unwritable",
      `the API server at ${server} takes no record of that size: ${said}`,
    );
  if (isFull(message)) return full(server, message);
  if (httpStatus === 410 || reason === "Expired")
    return new StoreFailure(
      "history-lost",
      `the API server at ${server} no longer knows what happened since: ${said}`,
    );
  return new StoreFailure(
    "unavailable",
    `the API server at ${server} could not answer: ${said}`,
    "it is overloaded, starting or in trouble; try again",
  );
}

/** Words of the policy that bounds what a node's process writes (deploy/rbac/store.yaml): what it may not free, another may. */
const CONTROLLER_FREES = "the controller frees";
const DENIED = " denied request: ";

/** Whether the API server may have performed a write that it answered so. */
export function isDoubtful({ httpStatus, message }: Refusal): boolean {
  return httpStatus >= 500 && !isFull(message);
}

/**
 * The failure of a request that got no answer.
 *
 * @param write what it would have written. "again": where a kept connection ends before the answer, Bun sends PUT and
 *   DELETE again by itself, and that no connection came about is said of the second one alone.
 */
export function unanswered(
  server: string,
  write: "nothing" | "once" | "again",
  cause: unknown,
): StoreFailure {
  if (cause instanceof StoreFailure) return cause;
  // The credentials themselves; nothing was sent.
  if (cause instanceof IpamError)
    return new StoreFailure(cause.code === 11 ? "unavailable" : "refused", cause.message, cause.details, {
      cause,
    });
  const isCertain = write === "nothing" || (write === "once" && isUnconnected(cause));
  const kind = isCertain ? "unavailable" : "unknown-outcome";
  const why = cause instanceof Error ? cause.message : String(cause);
  return new StoreFailure(kind, `the API server at ${server} gave no answer: ${why}`, "try again", { cause });
}

/** etcd's own words, as the API server passes them on. */
function isFull(message: string): boolean {
  return message.includes("database space exceeded");
}

function full(server: string, message: string): StoreFailure {
  return new StoreFailure(
    "no-space",
    `the etcd behind the API server at ${server} has no space: ${message}`,
    "free space in the cluster's etcd (compact, defrag, disarm its alarm), or raise its quota",
  );
}
