import { type Costs, mean, quantileOf } from "../test/kit/fleet/tally.ts";
import { markdown } from "./statistics.ts";

/** A row's name, what its ADDs have cost, and etcd's processor time, in milliseconds. */
export type CostRow = readonly [name: string, costs: Costs, milliseconds: number | undefined];

/** A table of what ADDs have cost in some phases. */
export function costTable(first: string, rows: readonly CostRow[]): string {
  return markdown([head(first), ...rows.map(row)]);
}

function head(first: string): string[] {
  return [first, "ADDs", "round trips, mean", "p99", "most", "lost races per 1,000", "etcd, ms per ADD"];
}

function row([name, costs, milliseconds = 0]: CostRow): string[] {
  const { adds, lost, trips } = costs;
  const per = (amount: number) => (adds === 0 ? "-" : (amount / adds).toFixed(2));
  const most = Math.max(0, trips.length - 1);
  return [
    name,
    String(adds),
    mean(costs).toFixed(2),
    String(quantileOf(costs, 0.99)),
    String(most),
    per(1000 * lost),
    per(milliseconds),
  ];
}
