/**
 * Whether one text becomes the other by inserting, leaving out, replacing or exchanging one letter, or none. Asked for
 * every key that a tenant writes, so it looks no further than the texts are the same at both ends.
 */
export function withinOneEdit(one: string, other: string): boolean {
  const shorter = Math.min(one.length, other.length);
  const longer = Math.max(one.length, other.length);
  if (longer - shorter > 1) return false;
  let head = 0;
  while (head < shorter && one.charCodeAt(head) === other.charCodeAt(head)) head += 1;
  if (head === shorter) return true;
  let tail = 0;
  while (tail < shorter - head && one.at(-1 - tail) === other.at(-1 - tail)) tail += 1;
  const left = longer - head - tail;
  if (left <= 1) return true;
  const isExchanged = one[head] === other[head + 1] && one[head + 1] === other[head];
  return left === 2 && shorter === longer && isExchanged;
}
