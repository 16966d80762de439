import type { Context } from "hono";
import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import { visibleLine } from "../../address/visible.ts";
import type { Log } from "../../ipam/ports.ts";

/** What a change is about, as far as it has been read. */
export interface Change {
  address?: string;
  space?: string;
  owner?: string;
  namespace?: string;
  /** What became of it: "reserved", or the error's name. */
  result?: string;
}

const VERBS: ReadonlyMap<string, string> = new Map([
  ["POST", "create"],
  ["DELETE", "delete"],
]);

/** One line for each change, as the API server's audit log has it: who did what to which address, and what came of it. */
export function logChange(log: Log, user: string, change: Change, { req, res }: Context): void {
  const fields = {
    user,
    verb: VERBS.get(req.method) ?? req.method,
    path: req.path,
    ...change,
    status: String(res.status),
  };
  const shown = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, visibleLine(cut(value, CAPS.shownValue))]],
  );
  log("info", "operators' API", Object.fromEntries(shown));
}
