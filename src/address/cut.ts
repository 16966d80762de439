/**
 * A text no longer than somebody should have to read or keep: what is left of a longer one, and its length. Never ends
 * in the middle of a character.
 *
 * @param most in characters (UTF-16 units); the remark on the length comes on top.
 */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = isHighSurrogate(text.charCodeAt(most - 1)) ? most - 1 : most;
  return `${text.slice(0, end)}… (${text.length} characters)`;
}

/** The same, where `most` counts the remark too: for what refuses anything longer. */
export function cutWithin(text: string, most: number): string {
  return text.length <= most ? text : cut(text, Math.max(1, most - `… (${text.length} characters)`.length));
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
