import { IpamError } from "../../../ipam/errors.ts";
import { StoreFailure } from "../../../ipam/store-port.ts";
import { isUnconnected } from "../../../kubernetes/api/reach.ts";
import type { Authentication } from "../../../kubernetes/credentials/authentication.ts";
import type { Credentials } from "../../../kubernetes/credentials/credentials.ts";
import { GROUP } from "./wire.ts";

/** An answer of the API server that is no success. */
export interface Refusal {
  readonly httpStatus: number;
  readonly reason: string;
  readonly message: string;
}

/** The failure of an answer to a read, or to a write that was certainly not performed. */
export function refusedBy(
  { doubt, server, source }: Pick<Credentials, "doubt" | "server" | "source">,
  { httpStatus, message, reason }: Refusal,
): StoreFailure {
  const said = message === "" ? `HTTP ${httpStatus}` : message;
  if (httpStatus === 401) {
    const seen = doubt();
    return new StoreFailure(
      "refused",
      `the API server at ${server} does not accept the credentials in ${source} (401)`,
      seen
        ? `${seen.reason}: ${seen.remedy}`
        : "the token or client certificate is wrong, revoked or expired: renew it",
    );
  }
  if (httpStatus === 404) return withoutDefinitions(server);
  if (httpStatus === 403 && message.includes(CONTROLLER_FREES))
    return new StoreFailure(
      "unavailable",
      `the API server at ${server} keeps a node to what it holds: ${said.slice(said.indexOf(DENIED) + DENIED.length)}`,
      "try again; it takes seconds where a controller runs",
    );
  if (httpStatus === 403 && message.includes(NOT_BY_HAND))
    return new StoreFailure(
      "refused",
      `the API server at ${server} takes records from kube-ipam's accounts and from operators alone, and the credentials in ${source} are neither's`,
      "use kubectl ipam; or credentials of the service account kube-ipam-operator, or of the group kube-ipam:operators (docs/operators.md)",
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

/** The failure where the API server does not know our resources at all, which says nothing about any object. */
export function withoutDefinitions(server: string): StoreFailure {
  return new StoreFailure(
    "refused",
    `the API server at ${server} does not know kube-ipam's records (404): the definitions ${DEFINITIONS} are not installed`,
    "install kube-ipam in this cluster ('helm install', docs/install.md), or 'kubectl apply --server-side -f " +
      "deploy/crds/store.yaml'; where somebody has deleted them, all records went with them: then run 'kube-ipam recover'",
  );
}

const DEFINITIONS = `addressrecords.${GROUP} and storerecords.${GROUP}`;

/**
 * Reads an answer of the API server as JSON; undefined where it has none.
 *
 * @throws Error where it is not the API server's answer, but a proxy's page.
 */
export function bodyOf(httpStatus: number, text: string): unknown {
  const body = parse(text);
  if (body !== undefined || httpStatus >= 500 || httpStatus === 429 || isUnknownPath(httpStatus, text))
    return body;
  throw new Error(`it answered ${httpStatus} without JSON`);
}

/** What an API server says, instead of an object, of a group of which nothing is installed: Go's words. */
function isUnknownPath(httpStatus: number, text: string): boolean {
  return httpStatus === 404 && text.trim() === "404 page not found";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Words of the policy that bounds what a node's process writes (deploy/rbac/store.yaml): what it may not free, another may. */
const CONTROLLER_FREES = "the controller frees";
/** Words of the policy that keeps everybody else from writing. */
const NOT_BY_HAND = "kube-ipam's records are not written by hand";
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

/** The failure of a read that got no answer: where no connection came about, in words for why. */
export async function unread(
  credentials: Credentials,
  cause: unknown,
  { signal, tls }: { readonly signal: AbortSignal; readonly tls: Authentication["tls"] | undefined },
): Promise<StoreFailure> {
  const isOfConnection =
    !signal.aborted && cause instanceof Error && "code" in cause && !(cause instanceof IpamError);
  if (!isOfConnection) return unanswered(credentials.server, "nothing", cause);
  // Only on failure: to look at a server again takes sockets and streams.
  const { unreachable } = await import("../../../kubernetes/api/unreached.ts");
  return unanswered(credentials.server, "nothing", await unreachable(credentials, { error: cause, tls }));
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
