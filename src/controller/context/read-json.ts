import type { HonoRequest } from "hono";
import { CAPS } from "../../address/caps.ts";

/**
 * A request's body as JSON. Little things take thirty times their text once they are parsed, so these are
 * counted before (CAPPED).
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
  let values = 0;
  let depth = 0;
  let inText = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (inText) {
      if (code === BACKSLASH) index++;
      else if (code === QUOTE) inText = false;
    } else if (code === QUOTE) inText = true;
    else if (code === COMMA) values++;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      values++;
      depth++;
      if (depth > CAPS.requestDepth) throw new SyntaxError(`it has more than ${CAPS.requestDepth} levels`);
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--;
    if (values > CAPS.requestValues) throw new SyntaxError(`it has more than ${CAPS.requestValues} values`);
  }
}

const code = (character: string) => character.charCodeAt(0);
const QUOTE = code('"');
const BACKSLASH = code("\\");
const COMMA = code(",");
const OPEN_LIST = code("[");
const CLOSE_LIST = code("]");
const OPEN_OBJECT = code("{");
const CLOSE_OBJECT = code("}");
