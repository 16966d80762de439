/** One histogram's sum and count, of all series that have its labels. */
export interface Total {
  readonly seconds: number;
  readonly count: number;
}

/** The total of a Prometheus histogram in an exposition, over the series with all of these labels. */
export function totalOf(
  exposition: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Total {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  let [seconds, count] = [0, 0];
  for (const line of exposition.split("\n")) {
    if (!wanted.every((each) => line.includes(each))) continue;
    const value = Number(line.slice(line.lastIndexOf(" ") + 1));
    if (isOf(line, `${name}_sum`)) seconds += value;
    else if (isOf(line, `${name}_count`)) count += value;
  }
  return { seconds, count };
}

function isOf(line: string, series: string): boolean {
  return line.startsWith(`${series}{`) || line.startsWith(`${series} `);
}

/** What came after `before`. */
export function since(after: Total, before: Total): Total {
  return { seconds: after.seconds - before.seconds, count: after.count - before.count };
}
