import * as v from "valibot";
import type { CallOptions } from "../../../ipam/store-port.ts";
import { StoreFailure } from "../../../ipam/store-port.ts";
import { orAbort } from "../../../kubernetes/api/or-abort.ts";
import type { ApiPath } from "../../../kubernetes/api/path.ts";
import { reach } from "../../../kubernetes/api/reach.ts";
import type { Authentication } from "../../../kubernetes/credentials/authentication.ts";
import type { Credentials } from "../../../kubernetes/credentials/credentials.ts";
import { bodyOf, isDoubtful, type Refusal, refusedBy, unanswered, unread } from "./failures.ts";

/** One request; without a method a GET. */
export interface Sending {
  readonly method?: "POST" | "PUT" | "DELETE";
  readonly body?: object;
  readonly accept?: string;
}

/** Answers that the caller understands, by HTTP status and reason; every other one is a failure. */
export interface Answer {
  readonly httpStatus: number;
  readonly reason: string;
  readonly body: unknown;
}

/** No request waits longer, however much time the verb has left. */
const LONGEST_MS = 10_000;
/** After 429 without a word when to come again. */
const COME_AGAIN_MS = 500;

const status = v.object({
  kind: v.literal("Status"),
  reason: v.optional(v.string(), ""),
  message: v.optional(v.string(), ""),
});

/**
 * Sends a request, and again after 429, which is answered before anything is done. The answer is a success, or has a
 * status in `expected`.
 *
 * @throws StoreFailure "unknown-outcome" for a write that may have happened.
 */
export async function send(
  credentials: Credentials,
  path: ApiPath,
  { deadline }: CallOptions,
  sending: Sending,
  expected: readonly number[],
): Promise<Answer> {
  for (;;) {
    const left = deadline - performance.now();
    if (left <= 0)
      throw new StoreFailure("unavailable", `no time is left to ask ${credentials.server}`, "try again");
    const { answer, retryAfterMs } = await once(credentials, path, sending, Math.min(left, LONGEST_MS));
    if (answer.httpStatus < 300 || expected.includes(answer.httpStatus)) return answer;
    const refusal = refusalOf(answer);
    if (answer.httpStatus === 429 && performance.now() + retryAfterMs < deadline) {
      await Bun.sleep(retryAfterMs);
      continue;
    }
    const failure = refusedBy(credentials, refusal);
    if (sending.method === undefined || !isDoubtful(refusal)) throw failure;
    throw new StoreFailure("unknown-outcome", failure.message, failure.remedy);
  }
}

async function once(
  credentials: Credentials,
  path: ApiPath,
  { accept, body, method }: Sending,
  milliseconds: number,
): Promise<{ readonly answer: Answer; readonly retryAfterMs: number }> {
  const signal = AbortSignal.timeout(Math.ceil(milliseconds));
  let authentication: Authentication | undefined;
  try {
    authentication = await orAbort(credentials.apply(signal), signal);
    const response = await reach(credentials, path, authentication, {
      ...(method !== undefined && { method }),
      ...(body !== undefined && { body: JSON.stringify(body) }),
      headers: {
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...(accept !== undefined && { Accept: accept }),
      },
      signal,
    });
    const parsed = bodyOf(response.status, await response.text());
    const again = Number(response.headers.get("retry-after"));
    return {
      answer: { httpStatus: response.status, reason: reasonOf(parsed), body: parsed },
      retryAfterMs: again > 0 ? again * 1000 : COME_AGAIN_MS,
    };
  } catch (failure) {
    const isRead = authentication === undefined || method === undefined;
    if (!isRead) throw unanswered(credentials.server, method === "POST" ? "once" : "again", failure);
    throw await unread(credentials, failure, { signal, tls: authentication?.tls });
  }
}

function refusalOf({ body, httpStatus, reason }: Answer): Refusal {
  const said = v.safeParse(status, body);
  return { httpStatus, reason, message: said.success ? said.output.message : "" };
}

function reasonOf(body: unknown): string {
  const said = v.safeParse(status, body);
  return said.success ? said.output.reason : "";
}
