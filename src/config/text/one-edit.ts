/** Whether one text becomes the other by inserting, leaving out, replacing or exchanging one letter, or none. */
export function withinOneEdit(one: string, other: string): boolean {
  if (one === other) return true;
  if (Math.abs(one.length - other.length) > 1) return false;
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const same = (skipped: number, otherSkipped: number) =>
    one.slice(at + skipped) === other.slice(at + otherSkipped);
  const exchanged = one[at] === other[at + 1] && one[at + 1] === other[at];
  return same(1, 1) || same(1, 0) || same(0, 1) || (exchanged && same(2, 2));
}
