import { ValiError } from "valibot";
import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import { visibleLine } from "../../address/visible.ts";
import type { ControllerContext } from "../context/context.ts";
import type { SecureApp } from "../context/secure-app.ts";
import type { Finding } from "./finding.ts";
import { judgeWorkload } from "./judge.ts";
import { judgePlace } from "./judge-place.ts";
import { answerReview, readReview } from "./review.ts";
import type { Workload } from "./workload.ts";
import { ownerOfWorkload } from "./workload-owner.ts";

/** Less than the webhook's timeoutSeconds, so that a slow store still gives an answer with a warning. */
const PATIENCE_MS = 1_500;

/** POST /admission: answers the ValidatingWebhookConfiguration's question about one object. */
export function mountAdmission(app: SecureApp, context: ControllerContext): void {
  app.post("/admission", async (request) => {
    try {
      const { uid, workload, sameSpecification } = readReview(await request.req.json());
      const findings = workload === undefined ? [] : judgePlace(workload);
      if (workload !== undefined && !sameSpecification) findings.push(...(await judge(workload, context)));
      context.metrics.admissions.inc({ answer: answerOf(findings) });
      return request.json(answerReview(uid, findings));
    } catch (failure) {
      if (!(failure instanceof ValiError || failure instanceof SyntaxError)) throw failure;
      const reason = cut(visibleLine(failure.message), CAPS.errorMessage);
      return request.text(`expected an AdmissionReview of admission.k8s.io/v1: ${reason}\n`, 400);
    }
  });
}

function answerOf(findings: readonly Finding[]): string {
  if (findings.some(({ severity }) => severity === "refuse")) return "refused";
  return findings.length > 0 ? "warned" : "allowed";
}

function judge(workload: Workload, { configuration, ports }: ControllerContext): Promise<Finding[]> {
  const deadline = performance.now() + PATIENCE_MS;
  return judgeWorkload(workload, {
    ports,
    pools: configuration.pools,
    space: configuration.addressSpace,
    ownerOf: ownerOfWorkload(workload, ports.cluster, deadline),
    options: { deadline },
  });
}
