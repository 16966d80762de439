import { isDeepStrictEqual } from "node:util";
import * as v from "valibot";
import { CAPS } from "../../address/caps.ts";
import { cut, cutWithin } from "../../address/cut.ts";
import { visibleLine } from "../../address/visible.ts";
import type { Finding } from "./finding.ts";
import { readWorkload, type Workload } from "./workload.ts";

/** What is read of an AdmissionReview v1 (admission.k8s.io). */
const reviewShape = v.object({
  apiVersion: v.literal("admission.k8s.io/v1"),
  kind: v.literal("AdmissionReview"),
  request: v.object({
    uid: v.string(),
    kind: v.object({ kind: v.string() }),
    namespace: v.optional(v.string(), ""),
    operation: v.optional(v.string(), "CREATE"),
    object: v.unknown(),
    oldObject: v.optional(v.unknown()),
  }),
});

/** The most that Kubernetes promises to show of one warning. */
const LONGEST_WARNING = 256;

export interface Review {
  readonly uid: string;
  /** Absent for an object that makes no pods. */
  readonly workload?: Workload;
  /** An update that leaves the specification as it is: it never stops what runs already. */
  readonly sameSpecification: boolean;
}

/** @throws ValiError for anything but an AdmissionReview v1. */
export function readReview(body: unknown): Review {
  const { uid, kind, namespace, operation, object, oldObject } = v.parse(reviewShape, body).request;
  const workload = readWorkload(kind.kind, namespace, object);
  const sameSpecification = operation === "UPDATE" && isDeepStrictEqual(specOf(object), specOf(oldObject));
  return { uid, ...(workload && { workload }), sameSpecification };
}

function specOf(object: unknown): unknown {
  return typeof object === "object" && object !== null && "spec" in object ? object.spec : undefined;
}

/** The answer: refused with all reasons, else allowed with warnings. */
export function answerReview(uid: string, findings: readonly Finding[]): object {
  const refusals = told(findings, "refuse");
  const warnings = told(findings, "warn").map(brief);
  const status = { code: 422, reason: "Invalid", message: whole(refusals) };
  return {
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: {
      uid,
      allowed: refusals.length === 0,
      ...(refusals.length > 0 && { status }),
      ...(warnings.length > 0 && { warnings }),
    },
  };
}

function whole(refusals: readonly string[]): string {
  return cut(visibleLine(refusals.join("; ")), CAPS.errorDetails);
}

/** Whoever made more mistakes has read these (CAPPED). */
function told(findings: readonly Finding[], of: Finding["severity"]): string[] {
  const messages = findings.filter(({ severity }) => severity === of).map(({ message }) => message);
  const more = messages.length - CAPS.findings;
  return more <= 0 ? messages : [...messages.slice(0, CAPS.findings), `and ${more} more`];
}

function brief(message: string): string {
  return cutWithin(visibleLine(`kube-ipam: ${message}`), LONGEST_WARNING);
}
