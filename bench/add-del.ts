import { type Subject, subjectCalled } from "../test/kit/subject.ts";
import { type Configuration, World } from "../test/kit/world.ts";
import { nearlyFull } from "./nearly-full.ts";
import { machine, report } from "./report.ts";
import { markdown, median, ms, quantile } from "./statistics.ts";

/**
 * Whole-process ADD and DEL of kube-ipam against host-local's, alternating in one run on one
 * machine, so that the ratio means something even where the milliseconds do not. `--short` proves
 * that the program works and nothing else.
 */

const SHORT = process.argv.includes("--short");
const ROUNDS = SHORT ? 3 : 150;
const OURS = "kube-ipam";
const THEIRS = "host-local";

interface Timing {
  readonly add: number[];
  readonly del: number[];
}

const rows = [
  ["what", `${OURS} median`, "p99", `${THEIRS} median`, "p99", "ratio of medians", "ratio of slowest"],
  ...(await alone()),
  ...(await together(8, SHORT ? 1 : 25)),
  ...(await together(40, SHORT ? 1 : 8)),
  ...(await full()),
];
const text = `Whole process, milliseconds, on ${machine()}:\n\n${markdown(rows)}`;
report({ bench: "add-del", text, short: SHORT });

async function alone(): Promise<string[][]> {
  return compare("one at a time", ROUNDS, 1);
}

async function together(count: number, rounds: number): Promise<string[][]> {
  return compare(`${count} at once`, rounds, count);
}

/** Alternates the two subjects round by round in a /16 each. */
async function compare(title: string, rounds: number, atOnce: number): Promise<string[][]> {
  await using ours = await World.open(subjectCalled(OURS));
  await using theirs = await World.open(subjectCalled(THEIRS));
  const timings = [empty(), empty()] as const;
  for (let round = -2; round < rounds; round += 1) {
    for (const [world, timing] of [
      [ours, timings[0]],
      [theirs, timings[1]],
    ] as const) {
      // The first rounds only warm the page cache.
      await oneRound(world, round < 0 ? empty() : timing, `r${round + 2}`, atOnce);
    }
  }
  return [
    row(`ADD, ${title}`, timings[0].add, timings[1].add),
    row(`DEL, ${title}`, timings[0].del, timings[1].del),
  ];
}

async function oneRound(world: World, timing: Timing, prefix: string, atOnce: number): Promise<void> {
  const net = world.network({ subnet: "10.1.0.0/16" });
  const containers = Array.from({ length: atOnce }, (_, n) => `${prefix}c${n}`);
  timing.add.push(...(await Promise.all(containers.map((container) => timed(world, "ADD", net, container)))));
  timing.del.push(...(await Promise.all(containers.map((container) => timed(world, "DEL", net, container)))));
}

async function timed(
  world: World,
  verb: "ADD" | "DEL",
  net: Configuration,
  container: string,
): Promise<number> {
  const finished = await world.run(verb, net, { container });
  if (finished.exitCode !== 0) throw new Error(`${verb} failed: ${finished.stdout}`);
  return finished.milliseconds;
}

/** ADD in a /16 of which 99 % are taken, against the same plugin's ADD in an empty one. */
async function full(): Promise<string[][]> {
  const measured: Record<string, { empty: number[]; full: number[] }> = {};
  for (const name of [OURS, THEIRS]) measured[name] = await emptyAndFull(subjectCalled(name));
  const ours = measured[OURS];
  const theirs = measured[THEIRS];
  if (ours === undefined || theirs === undefined) return [];
  return [
    row("ADD in a /16, empty", ours.empty, theirs.empty),
    row("ADD in a /16, 99 % full", ours.full, theirs.full),
    [
      "99 % full against empty",
      `${(median(ours.full) / median(ours.empty)).toFixed(2)} ×`,
      "",
      `${(median(theirs.full) / median(theirs.empty)).toFixed(1)} ×`,
      "",
      "",
      "",
    ],
  ];
}

async function emptyAndFull(subject: Subject): Promise<{ empty: number[]; full: number[] }> {
  await using blank = await World.open(subject);
  await using crowded = await World.open(subject);
  await nearlyFull(crowded);
  const times = { empty: [] as number[], full: [] as number[] };
  for (let round = 0; round < (SHORT ? 2 : 30); round += 1) {
    const container = `c${round}`;
    const net = (world: World) => world.network({ subnet: "10.1.0.0/16" });
    times.empty.push(await timed(blank, "ADD", net(blank), container));
    times.full.push(await timed(crowded, "ADD", net(crowded), container));
  }
  return times;
}

function row(title: string, ours: readonly number[], theirs: readonly number[]): string[] {
  const ratio = (share: number) => `${(quantile(ours, share) / quantile(theirs, share)).toFixed(2)} ×`;
  const cells = [ours, theirs].flatMap((values) => [ms(median(values)), ms(quantile(values, 0.99))]);
  return [title, ...cells, ratio(0.5), ratio(1)];
}

function empty(): Timing {
  return { add: [], del: [] };
}
