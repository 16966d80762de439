import { CAPS } from "../../address/caps.ts";
import { cutWithin } from "../../address/cut.ts";
import { visibleLine } from "../../address/visible.ts";
import { IpamError } from "../../ipam/errors.ts";
import { StoreFailure, type StoreFailureKind } from "../../ipam/store-port.ts";
import { NEWEST_VERSION, type Verb } from "./versions.ts";

/**
 * What a failed verb prints on stdout (CNI specification, "Error"). Runtimes write it into their logs, and kubelet into an
 * Event: nothing in it is hidden, and it is no longer than both take.
 */
export function formatError(cniVersion: string, failure: unknown, verb?: Verb): string {
  const error = toIpamError(failure, verb);
  const clean = verb === "DEL" ? withoutSuccessWords : (text: string) => text;
  return JSON.stringify({
    cniVersion: shownVersion(cniVersion),
    code: error.code,
    msg: brief(clean(error.message), CAPS.errorMessage),
    ...(error.details !== "" && { details: brief(clean(error.details), CAPS.errorDetails) }),
  });
}

/** A configuration's own, where it is one at all: a tenant may write anything there. */
function shownVersion(version: string): string {
  return /^[\w.+-]{1,32}$/.test(version) ? version : NEWEST_VERSION;
}

function brief(text: string, most: number): string {
  return cutWithin(visibleLine(text), most);
}

/** Turns any failure into an error for users; an unexpected one keeps its text, not its stack. */
export function toIpamError(failure: unknown, verb?: Verb): IpamError {
  if (failure instanceof IpamError) return failure;
  if (failure instanceof StoreFailure) {
    return new IpamError(nameOf(failure.kind, verb), failure.message, failure.remedy, { cause: failure });
  }
  const text = failure instanceof Error ? failure.message : String(failure);
  return new IpamError(
    "internal",
    `unexpected failure: ${text}`,
    "please report this with the log of kube-ipam",
  );
}

const STORE_ERRORS = {
  unavailable: "tryAgain",
  "unknown-outcome": "tryAgain",
  "history-lost": "tryAgain",
  refused: "storeRefused",
  "no-space": "storeCannotWrite",
  unwritable: "storeCannotWrite",
  damaged: "storeCannotWrite",
} as const;

function nameOf(kind: StoreFailureKind, verb: Verb | undefined) {
  return verb === "STATUS" && kind !== "refused" ? "notAvailable" : STORE_ERRORS[kind];
}

/**
 * containerd takes "not found" in a DEL error for success, and "no such file or directory" too
 * where the namespace is gone: the address would leak.
 */
function withoutSuccessWords(text: string): string {
  return text.replace(/not found/gi, "missing").replace(/no such file or directory/gi, "path does not exist");
}
