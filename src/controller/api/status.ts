import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import { visibleLine } from "../../address/visible.ts";
import type { ErrorName } from "../../ipam/errors.ts";
import { IpamError } from "../../ipam/errors.ts";
import { StoreFailure } from "../../ipam/store-port.ts";
import { BeyondNamespace } from "./beyond-namespace.ts";

/** Kubernetes' Status (meta.k8s.io/v1) for a request that failed. */
export interface Status {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: object;
  readonly status: "Failure";
  readonly message: string;
  readonly reason: string;
  readonly code: 400 | 401 | 403 | 404 | 409 | 422 | 500 | 503;
  /** Our own name of the error, and what to do. */
  readonly details?: { readonly causes: readonly { readonly reason: string; readonly message: string }[] };
}

const CODES: Readonly<Partial<Record<ErrorName, Status["code"]>>> = {
  // As Kubernetes answers where a ResourceQuota is used up.
  noFreeAddress: 403,
  addressHeld: 409,
  tryAgain: 503,
  addressNotAllowed: 422,
  invalidConfig: 422,
};

const REASONS: Readonly<Record<Status["code"], string>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  422: "Invalid",
  500: "InternalError",
  503: "ServiceUnavailable",
};

/** What was asked for is absent, or not the caller's. */
export function absent(message: string): Status {
  return status(404, message, { reason: "absent", message: "" });
}

export function statusOf(failure: unknown): Status {
  if (failure instanceof IpamError) {
    const code = failure instanceof BeyondNamespace ? 403 : (CODES[failure.name] ?? 500);
    return status(code, failure.message, {
      reason: failure.name,
      message: failure.details,
    });
  }
  if (failure instanceof StoreFailure) {
    return status(503, failure.message, { reason: "store", message: failure.remedy });
  }
  return status(500, failure instanceof Error ? failure.message : String(failure));
}

/** kubectl prints it as it is. */
function brief(text: string): string {
  return cut(visibleLine(text), CAPS.errorDetails);
}

export function status(
  code: Status["code"],
  message: string,
  cause?: { readonly reason: string; readonly message: string },
): Status {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: brief(message),
    reason: REASONS[code],
    code,
    ...(cause && { details: { causes: [{ ...cause, message: brief(cause.message) }] } }),
  };
}
