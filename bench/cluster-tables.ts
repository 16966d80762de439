import type { Calls } from "../test/kit/api-calls.ts";
import type { Round } from "./cluster-round.ts";
import { ROLES } from "./process-times.ts";
import { markdown, median, ms, quantile } from "./statistics.ts";

/** Rounds of both sides, in the turns that they took. */
export interface Rounds {
  readonly ours: readonly Round[];
  readonly theirs: readonly Round[];
}

/** Rates and times of both sides; each ratio is the median of the rounds' own. */
export function timesTable({ ours, theirs }: Rounds): string {
  const row = (title: string, of: (round: Round) => number, text: (value: number) => string) => [
    title,
    text(median(ours.map(of))),
    text(median(theirs.map(of))),
    `${median(ratios({ ours, theirs }, of)).toFixed(2)} ×`,
  ];
  const rate = (value: number) => value.toFixed(2);
  return markdown([
    ["what", "kube-ipam, fixed addresses", "host-local, any address", "ratio"],
    row("pods created, per second", ({ created }) => created, rate),
    row("pods deleted and re-created, per second", ({ recreated }) => recreated, rate),
    row("sandbox ready, median ms", ({ sandboxes }) => median(sandboxes), ms),
    row("sandbox ready, p99 ms", ({ sandboxes }) => quantile(sandboxes, 0.99), ms),
    row("of it the network's set-up by the runtime, mean ms", ({ setUp }) => setUp, ms),
    ["of it the ADD in the agent, mean ms", ms(median(ours.map(({ add = 0 }) => add))), "", ""],
  ]);
}

/** The median sandbox of each round, ours to theirs. */
export function sandboxRatios(rounds: Rounds): string {
  return ratios(rounds, ({ sandboxes }) => median(sandboxes))
    .map((ratio) => ratio.toFixed(2))
    .join(", ");
}

function ratios({ ours, theirs }: Rounds, of: (round: Round) => number): number[] {
  return ours.flatMap((mine, index) => {
    const other = theirs[index];
    return other === undefined ? [] : [of(mine) / of(other)];
  });
}

/** CPU milliseconds of one pod's life by process: medians of the rounds. */
export function cpuTable({ ours, theirs }: Rounds): string {
  const row = (title: string, of: (round: Round) => number) => {
    const [mine, other] = [median(ours.map(of)), median(theirs.map(of))];
    return [title, ms(mine), ms(other), ms(mine - other)];
  };
  const whole = ({ cpu }: Round) => ROLES.reduce((sum, role) => sum + cpu[role], 0);
  return markdown([
    ["CPU ms per pod life", "kube-ipam, fixed addresses", "host-local, any address", "difference"],
    ...ROLES.map((role) => row(role, ({ cpu }) => cpu[role])),
    row("together", whole),
  ]);
}

/** What recurs by time, whether or not there are pods. */
const BY_TIME = /leases\.coordination|nodes\/status|serviceaccounts|^get \.$|endpoints|limitranges/;

/** Calls of one pod's life by who makes them. The test's own user is left out. */
export function callsTable(dynamic: readonly Calls[], fixed: readonly Calls[]): string {
  const all = [...dynamic, ...fixed].filter(({ caller, call }) => caller !== "admin" && !BY_TIME.test(call));
  const keys = [...new Set(all.map(({ caller, call }) => `${caller}|${call}`))].sort(oursFirst);
  const count = (calls: readonly Calls[], key: string) =>
    String(calls.find(({ caller, call }) => `${caller}|${call}` === key)?.count ?? 0);
  const none = (caller: string) =>
    keys.some((key) => key.startsWith(`${caller}|`)) ? [] : [[caller, "none", "0", "0"]];
  return markdown([
    ["caller", "call", "dynamic address", "fixed address"],
    ...OURS.flatMap(none),
    ...keys.map((key) => [...key.split("|"), count(dynamic, key), count(fixed, key)]),
  ]);
}

const OURS = ["agent", "plugin", "controller"];

function oursFirst(a: string, b: string): number {
  const rank = (key: string) => (OURS.includes(key.split("|")[0] ?? "") ? 0 : 1);
  return rank(a) - rank(b) || a.localeCompare(b, "en");
}
