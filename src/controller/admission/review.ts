import * as v from "valibot";
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
    object: v.unknown(),
  }),
});

/** The most that Kubernetes promises to show of one warning. */
const LONGEST_WARNING = 256;

export interface Review {
  readonly uid: string;
  /** Absent for an object that makes no pods. */
  readonly workload?: Workload;
}

/** @throws ValiError for anything but an AdmissionReview v1. */
export function readReview(body: unknown): Review {
  const { uid, kind, namespace, object } = v.parse(reviewShape, body).request;
  const workload = readWorkload(kind.kind, namespace, object);
  return { uid, ...(workload && { workload }) };
}

/** The answer: refused with all reasons, else allowed with warnings. */
export function answerReview(uid: string, findings: readonly Finding[]): object {
  const refusals = findings.filter(({ severity }) => severity === "refuse");
  const warnings = findings
    .filter(({ severity }) => severity === "warn")
    .map(({ message }) => brief(message));
  const status = { code: 422, reason: "Invalid", message: refusals.map(({ message }) => message).join("; ") };
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

function brief(message: string): string {
  const text = `kube-ipam: ${message}`;
  return text.length <= LONGEST_WARNING ? text : `${text.slice(0, LONGEST_WARNING - 1)}…`;
}
