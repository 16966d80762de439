/** Letters, digits, '_', '.' and '-', beginning with a letter or digit: what CNI lets containers and networks be called. */
export function isCniName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(text);
}
