import type { TLSSocket } from "node:tls";
import type { HonoRequest } from "hono";
import { ValiError } from "valibot";
import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import { visibleLine } from "../../address/visible.ts";
import { Queue } from "../../ipam/queue.ts";
import type { ControllerContext } from "../context/context.ts";
import { readJson } from "../context/read-json.ts";
import type { SecureApp } from "../context/secure-app.ts";
import type { Finding } from "./finding.ts";
import { judgeWorkload } from "./judge.ts";
import { judgePlace } from "./judge-place.ts";
import { answerReview, readReview } from "./review.ts";
import type { Workload } from "./workload.ts";
import { ownerOfWorkload } from "./workload-owner.ts";

/** Less than the webhook's timeoutSeconds, so that a slow store still gives an answer with a warning. */
const PATIENCE_MS = 1_500;
/** Reviews that are read and judged at once. The others wait as the texts that came, with their deadlines running. */
const AT_ONCE = 4;
/** More than these would not be answered in time anyhow. */
const MOST_WAITING = 128;

/** POST /admission: answers the ValidatingWebhookConfiguration's question about one object. */
export function mountAdmission(app: SecureApp, context: ControllerContext): void {
  const turns = new Queue({ limit: AT_ONCE });
  app.post("/admission", async (request) => {
    if (!context.admissionClients.mayAsk(request.env.incoming.socket as TLSSocket))
      return request.text("only clients of --admission-client-ca may ask for admission\n", 401);
    if (turns.waiting >= MOST_WAITING)
      return request.text("too many reviews at once: try again\n", 429, { "Retry-After": "1" });
    const deadline = performance.now() + PATIENCE_MS;
    try {
      return request.json(await turns.run(() => review(request.req, context, deadline)));
    } catch (failure) {
      if (!(failure instanceof ValiError || failure instanceof SyntaxError)) throw failure;
      const reason = cut(visibleLine(failure.message), CAPS.errorMessage);
      return request.text(`expected an AdmissionReview of admission.k8s.io/v1: ${reason}\n`, 400);
    }
  });
}

async function review(request: HonoRequest, context: ControllerContext, deadline: number): Promise<object> {
  const { uid, workload, sameSpecification } = readReview(await readJson(request));
  const findings = workload === undefined ? [] : judgePlace(workload);
  if (workload !== undefined && !sameSpecification)
    findings.push(...(await judge(workload, context, deadline)));
  context.metrics.admissions.inc({ answer: answerOf(findings) });
  return answerReview(uid, findings);
}

function answerOf(findings: readonly Finding[]): string {
  if (findings.some(({ severity }) => severity === "refuse")) return "refused";
  return findings.length > 0 ? "warned" : "allowed";
}

function judge(
  workload: Workload,
  { configuration, ports }: ControllerContext,
  deadline: number,
): Promise<Finding[]> {
  return judgeWorkload(workload, {
    ports,
    pools: configuration.pools,
    space: configuration.addressSpace,
    ownerOf: ownerOfWorkload(workload, ports.cluster, deadline),
    options: { deadline },
  });
}
