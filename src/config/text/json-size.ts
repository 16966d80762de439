/** What of a JSON text a reader has a bound for. */
export interface Bounds {
  /** Objects, lists, members and entries together. */
  readonly values: number;
  readonly levels: number;
}

/**
 * Which bound a JSON text exceeds, if any. Little things take thirty times their text once they are parsed, so that
 * they are counted before (CAPPED): one pass over the text, up to the bound.
 */
export function exceeded(text: string, most: Bounds): keyof Bounds | undefined {
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
      if (depth > most.levels) return "levels";
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--;
    if (values > most.values) return "values";
  }
  return undefined;
}

/** The same where levels are somebody else's to judge. */
export function hasMoreValues(text: string, values: number): boolean {
  return exceeded(text, { values, levels: Number.POSITIVE_INFINITY }) !== undefined;
}

const code = (character: string) => character.charCodeAt(0);
const QUOTE = code('"');
const BACKSLASH = code("\\");
const COMMA = code(",");
const OPEN_LIST = code("[");
const CLOSE_LIST = code("]");
const OPEN_OBJECT = code("{");
const CLOSE_OBJECT = code("}");
