import type { Subject } from "../test/kit/subject.ts";
import { throughAgent } from "../test/kit/subject-agent.ts";
import { World } from "../test/kit/world.ts";
import { quantile } from "./statistics.ts";

/** One ADD of container number `n` in a round of its own name; answers its milliseconds. */
export type Add = (container: string, n: number) => Promise<number>;

/** A way to make an ADD, and how long it took, in milliseconds, by how many were made at once. */
export interface Way {
  readonly title: string;
  readonly add: Add;
  readonly times: Map<number, number[]>;
}

/** Whole-process ADDs as the runtime sees them, in a world that ends with the stack. */
export async function through(
  stack: AsyncDisposableStack,
  title: string,
  subject: Subject,
  args: (n: number) => string = () => "",
): Promise<Way> {
  const world = stack.use(await World.open(subject));
  const net = world.network({ subnet: "10.1.0.0/16", rangeStart: "10.1.100.0" });
  const add: Add = async (container, n) => {
    const begin = performance.now();
    const call = () => world.run("ADD", net, { container, args: args(n) });
    let finished = await call();
    // As the runtime does: "try again later" is no end.
    while (finished.stdout.includes('"code":11')) finished = await call();
    if (finished.exitCode !== 0) throw new Error(`${title}: ${finished.stdout} ${finished.stderr}`);
    return performance.now() - begin;
  };
  return { title, add, times: new Map() };
}

/** CNI_ARGS that ask for another address each time, outside the range of the dynamic ones. */
export function fixedAddress(n: number): string {
  return `IgnoreUnknown=1;IP=10.1.${1 + Math.floor(n / 250)}.${1 + (n % 250)}`;
}

export function behindAgent(plain: Subject): Subject {
  return { ...plain, open: () => throughAgent(plain) };
}

/** Turn by turn, so that a disturbance of the machine meets all. The first rounds only warm up. `first` numbers the ADDs. */
export async function takeTurns(
  ways: readonly Way[],
  atOnce: number,
  rounds: number,
  first: number,
): Promise<void> {
  for (let round = -3; round < rounds; round += 1) {
    for (const { add, times } of ways) {
      const numbers = Array.from({ length: atOnce }, (_, n) => (round + 3) * atOnce + n + first);
      const taken = await Promise.all(numbers.map((n) => add(`a${n}`, n)));
      if (round >= 0) times.set(atOnce, [...(times.get(atOnce) ?? []), ...taken]);
    }
  }
}

/** "1.23 ×": a way's times over those of a baseline, at a share of each. */
export function over(way: Way, baseline: Way | undefined, atOnce: number, share: number): string {
  const [mine = [], theirs = []] = [way.times.get(atOnce), baseline?.times.get(atOnce)];
  return `${(quantile(mine, share) / quantile(theirs, share)).toFixed(2)} ×`;
}
