/**
 * The sum of a metric in a text of Prometheus' format, over all its series whose labels contain each of these
 * texts; 0 where there is none.
 */
export function sumOf(text: string, name: string, ...labels: readonly string[]): number {
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const chosen = lines.filter((line) => labels.every((label) => line.includes(label)));
  return chosen.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}
