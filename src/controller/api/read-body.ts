import type { Context } from "hono";
import { CAPS } from "../../address/caps.ts";
import { visibleLine } from "../../address/visible.ts";
import { readJson } from "../context/read-json.ts";
import { BadRequest } from "./bad-request.ts";
import type { ReadBody } from "./bodies.ts";
import { requireSameObject } from "./same-object.ts";

/**
 * Reads the body of a change. Fields that it should not have are told as Kubernetes tells of them: by warnings, or where
 * the caller wants it strict by a refusal.
 *
 * @throws BadRequest, SyntaxError
 */
export async function readBody<T extends { readonly address: string }>(
  request: Context,
  read: (body: unknown) => ReadBody<T>,
): Promise<T> {
  refuseDryRun(request.req.queries("dryRun"));
  const { metadata, spec, unknown } = read(await readJson(request.req));
  requireSameObject(metadata, spec.address, request.req.param("namespace"));
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
  if ((await request.req.text()) === "") return;
  const body = await readJson(request.req);
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new BadRequest("the body is no DeleteOptions");
  if ("dryRun" in body) refuseDryRun(Array.isArray(body.dryRun) ? body.dryRun : [body.dryRun]);
  if ("preconditions" in body && body.preconditions !== null)
    throw new BadRequest("preconditions: reservations have neither uid nor resourceVersion");
}

/** A change that is only tried would be made. */
function refuseDryRun(values: readonly unknown[] | undefined): void {
  if ((values ?? []).some((value) => value !== "" && value !== null && value !== undefined))
    throw new BadRequest("dryRun: addresses know no dry run");
}

/** As a header may hold it. */
function quoted(field: string): string {
  return `'${visibleLine(field.slice(0, CAPS.shownValue)).replace(/[^ -~]|["\\]/g, "?")}'`;
}
