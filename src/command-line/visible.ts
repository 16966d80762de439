/**
 * What a terminal takes for a command, or a reader for another text: control characters but for tab and line feed, line
 * and paragraph separators, and what changes the direction of writing.
 */
const UNSEEN = /(?![\t\n])[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * A text in which nothing acts on a terminal: such characters stand as JSON writes them (`\u001b`), so that JSON
 * text stays the same JSON.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, escaped);
}

/** The same for what stands on one line, such as a cell of a table. */
export function visibleLine(text: string): string {
  return visible(text).replaceAll("\n", "\\u000a");
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
