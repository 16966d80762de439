import type { HonoRequest } from "hono";
import { CAPS } from "../../address/caps.ts";
import { exceeded } from "../../config/text/json-size.ts";

const MOST = { values: CAPS.requestValues, levels: CAPS.requestDepth };

/**
 * A request's body as JSON, whose size is judged before it is parsed (CAPPED).
 *
 * @throws SyntaxError for what is no JSON, or has too many values or levels.
 */
export async function readJson(request: HonoRequest): Promise<unknown> {
  const text = await request.text();
  requireModest(text);
  return JSON.parse(text);
}

/** @throws SyntaxError */
export function requireModest(text: string): void {
  const what = exceeded(text, MOST);
  if (what !== undefined) throw new SyntaxError(`it has more than ${MOST[what]} ${what}`);
}
