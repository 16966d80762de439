import { setImmediate } from "node:timers/promises";
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
/**
 * Reviews that are read and judged at once, and that wait as the bytes that came, with their deadlines running: more
 * would not be answered in time anyhow. Large ones have a queue of their own, one at a time, so that who sends many of
 * them keeps nobody else waiting: a pod that asks for addresses has a few KiB.
 */
const SMALL = { atOnce: 4, waiting: 128 };
const LARGE = { atOnce: 1, waiting: 32, from: 32 * 1024 };

/** POST /admission: answers the ValidatingWebhookConfiguration's question about one object. */
export function mountAdmission(app: SecureApp, context: ControllerContext): void {
  const small = new Queue({ limit: SMALL.atOnce });
  const large = new Queue({ limit: LARGE.atOnce });
  app.post("/admission", async (request) => {
    if (!context.admissionClients.mayAsk(request.env.incoming.socket as TLSSocket))
      return request.text("only clients of --admission-client-ca may ask for admission\n", 401);
    const tooMany = () => request.text("too many reviews at once: try again\n", 429, { "Retry-After": "1" });
    const isLarge = lengthOf(request.env.incoming) > LARGE.from;
    const [turns, most] = isLarge ? [large, LARGE.waiting] : [small, SMALL.waiting];
    if (turns.waiting >= most) return tooMany();
    const deadline = performance.now() + PATIENCE_MS;
    // Whoever asked has gone on without an answer, which would cost as much as one in time.
    const isLate = () => isLarge && performance.now() > deadline;
    try {
      const answer = await turns.run(async () => {
        // What came meanwhile takes its place in the queues: a review may be judged in one go.
        await setImmediate();
        return isLate() ? undefined : review(request.req, context, deadline);
      });
      return answer === undefined ? tooMany() : request.json(answer);
    } catch (failure) {
      if (!(failure instanceof ValiError || failure instanceof SyntaxError)) throw failure;
      const reason = cut(visibleLine(failure.message), CAPS.errorMessage);
      return request.text(`expected an AdmissionReview of admission.k8s.io/v1: ${reason}\n`, 400);
    }
  });
}

/** Of a body that the server has read. */
function lengthOf(incoming: object): number {
  return "rawBody" in incoming && incoming.rawBody instanceof Uint8Array ? incoming.rawBody.length : 0;
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
  { configuration, pools, ports }: ControllerContext,
  deadline: number,
): Promise<Finding[]> {
  return judgeWorkload(workload, {
    ports,
    pools: pools.inForce,
    space: configuration.addressSpace,
    ownerOf: ownerOfWorkload(workload, ports.cluster, deadline),
    options: { deadline },
  });
}
