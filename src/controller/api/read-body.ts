import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { CAPS } from "../../address/caps.ts";
import { visibleLine } from "../../address/visible.ts";
import { BadRequest, type ReadBody } from "./bodies.ts";
import { status } from "./status.ts";

/** Refuses a larger body before it is read. */
export const limitedBody = bodyLimit({
  maxSize: CAPS.requestBody,
  onError: (request) => {
    const failure = status(413, `the request's body is larger than ${CAPS.requestBody} bytes`);
    return request.json(failure, failure.code);
  },
});

/**
 * Reads the body of a change. Fields that it should not have are told as Kubernetes tells of them: by warnings, or where
 * the caller wants it strict by a refusal.
 *
 * @throws BadRequest, SyntaxError
 */
export async function readBody<T>(request: Context, read: (body: unknown) => ReadBody<T>): Promise<T> {
  refuseDryRun(request.req.queries("dryRun"));
  const { spec, unknown } = read(await json(request));
  const found = unknown.map((field) => `unknown field ${quoted(field)}`);
  const validation = request.req.query("fieldValidation");
  if (found.length > 0 && validation === "Strict") throw new BadRequest(found.join(", "));
  if (validation !== "Ignore")
    for (const warning of found) request.header("Warning", `299 - "${warning}"`, { append: true });
  return spec;
}

/** Refuses the options of a deletion that we could not keep. @throws BadRequest, SyntaxError */
export async function readDeleteOptions(request: Context): Promise<void> {
  refuseDryRun(request.req.queries("dryRun"));
  const body = await json(request, {});
  if (typeof body !== "object" || body === null) throw new BadRequest("the body is no DeleteOptions");
  if ("dryRun" in body) refuseDryRun(Array.isArray(body.dryRun) ? body.dryRun : [body.dryRun]);
  if ("preconditions" in body && body.preconditions !== null)
    throw new BadRequest("preconditions: reservations have neither uid nor resourceVersion");
}

/** A change that is only tried would be made. */
function refuseDryRun(values: readonly unknown[] | undefined): void {
  if ((values ?? []).some((value) => value !== "" && value !== null && value !== undefined))
    throw new BadRequest("dryRun: addresses know no dry run");
}

async function json(request: Context, none?: unknown): Promise<unknown> {
  const text = await request.req.text();
  if (text === "" && none !== undefined) return none;
  try {
    return JSON.parse(text);
  } catch (failure) {
    if (failure instanceof SyntaxError) throw failure;
    // Nested too deeply for the parser.
    throw new BadRequest("the body is no JSON that can be read");
  }
}

/** As a header may hold it. */
function quoted(field: string): string {
  return `'${visibleLine(field.slice(0, CAPS.shownValue)).replace(/[^ -~]|["\\]/g, "?")}'`;
}
