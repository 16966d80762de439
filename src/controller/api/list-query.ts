import * as v from "valibot";
import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import { tryParseInterval } from "../../address/interval-text.ts";
import { parseSortable } from "../../address/sortable.ts";
import type { ItemQuery } from "../../operator/item-query.ts";
import type { Position } from "../../operator/list-items.ts";
import { BadRequest } from "./bad-request.ts";
import { readIntervalOf, readSpace } from "./bodies.ts";

/** What a list asks for. */
export interface ListQuery {
  readonly query: ItemQuery;
  /** The only name that is asked for. */
  readonly name?: string;
  /** At most so many items in one answer. */
  readonly limit?: number;
  /** Where the answer before this one ended. */
  readonly after?: Position;
}

/** However many a caller asks for: the rest comes with `continue`. */
export const MOST_OF_ONE_ANSWER = 500;

const position = v.object({
  key: v.pipe(v.string(), v.maxLength(CAPS.name), v.check(isSortable)),
  space: v.pipe(v.string(), v.maxLength(CAPS.name)),
  rank: v.picklist([0, 1, 2]),
});

/**
 * Reads the parameters of a list. RBAC relies on the field selector: a caller who may see one name only may
 * list by that name. So what is not understood is refused, never ignored.
 *
 * @throws BadRequest
 */
export function readListQuery(parameters: Readonly<Record<string, string>>): ListQuery {
  const { address, fieldSelector, labelSelector, limit, network, node, pod, space, state, watch } =
    parameters;
  if (watch !== undefined && !["0", "false"].includes(watch))
    throw new BadRequest("addresses cannot be watched");
  if (labelSelector) throw new BadRequest("addresses have no labels");
  const name = fieldSelector ? nameIn(fieldSelector) : undefined;
  const interval = address === undefined ? name && tryParseInterval(name) : readIntervalOf(address);
  const query = {
    space: readSpace(space),
    network,
    node,
    pod,
    state: state === undefined ? undefined : readState(state),
    address: interval,
  };
  const most = limit ? readLimit(limit) : 0;
  const after = parameters.continue ? readPosition(parameters.continue) : undefined;
  return {
    query: Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)),
    ...(name !== undefined && { name }),
    ...(most > 0 && { limit: Math.min(most, MOST_OF_ONE_ANSWER) }),
    ...(after && { after }),
  };
}

/** A place in a list as its `continue` tells it: opaque to callers, and no secret. */
export function continueAt({ key, space, rank }: Position): string {
  return Buffer.from(JSON.stringify({ key, space, rank })).toString("base64url");
}

function readPosition(text: string): Position {
  try {
    return v.parse(position, JSON.parse(Buffer.from(text, "base64url").toString()));
  } catch {
    throw new BadRequest("continue: expected what an answer to this list gave, list from the beginning");
  }
}

function isSortable(text: string): boolean {
  try {
    return parseSortable(text) !== undefined;
  } catch {
    return false;
  }
}

function readLimit(text: string): number {
  if (/^\d{1,19}$/.test(text)) return Number(text);
  throw new BadRequest(`limit: expected a number, got '${cut(text, CAPS.shownValue)}'`);
}

function readState(text: string): "allocated" | "reserved" {
  if (text === "allocated" || text === "reserved") return text;
  throw new BadRequest("state: expected allocated or reserved");
}

function nameIn(fieldSelector: string): string {
  const [, name] = /^metadata\.name==?([^,=!]+)$/.exec(fieldSelector) ?? [];
  if (name === undefined) throw new BadRequest("only metadata.name selects addresses");
  return name;
}
