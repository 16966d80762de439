/**
 * What a terminal takes for a command, or a reader for another text or for none: control characters but for tab and line
 * feed, line and paragraph separators, what changes the direction of writing, what has no width, and half a character.
 */
const UNSEEN = /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const UNSEEN_IN_LINE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Most of what is written; the classes of Unicode above cost a plugin's run more than all of this. */
const PLAIN = /^[\x20-\x7e]*$/;
const PLAIN_LINES = /^[\x20-\x7e\n\t]*$/;

/**
 * A text in which nothing acts on a terminal or stays hidden: such characters stand as JSON writes them (`\u001b`), so
 * that JSON text stays the same JSON. For all that people read: a terminal, a log, an error, an Event, a table.
 */
export function visible(text: string): string {
  return PLAIN_LINES.test(text) ? text : text.replace(UNSEEN, escaped);
}

/** The same for what stands on one line, such as a cell of a table: also tab and line feed. */
export function visibleLine(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSEEN_IN_LINE, escaped);
}

/** By UTF-16 code units, as JSON has it. */
function escaped(character: string): string {
  return character.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
