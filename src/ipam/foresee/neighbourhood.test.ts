import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { seededRandom } from "../testing/seeded-random.ts";
import { KnownNeighbourhood } from "./neighbourhood.ts";

const ANY = () => true;

function positions(from: number, to: number): bigint[] {
  return Array.from({ length: to - from }, (_, index) => BigInt(from + index));
}

function takeAll(neighbourhood: KnownNeighbourhood): bigint[] {
  const taken: bigint[] = [];
  for (let next = neighbourhood.take(ANY); next !== undefined; next = neighbourhood.take(ANY))
    taken.push(next);
  return taken;
}

describe("FLAT: what a node knows of its neighbourhood", () => {
  test("is nothing before the first read, and used up after its last address", () => {
    const known = new KnownNeighbourhood(seededRandom(1));
    expect(known.take(ANY)).toBeUndefined();
    known.learn(positions(5, 8), 1);
    expect(takeAll(known)).toEqual([5n, 6n, 7n]);
  });

  test("K240: is full for half a minute after a look at all of the pool, or until a look shows something", () => {
    let now = 0;
    const known = new KnownNeighbourhood(seededRandom(1), () => now);
    expect(known.full).toBe(false);
    known.learnFull();
    known.learn([], 1);
    expect(known.full).toBe(true);
    now = 30_000;
    expect(known.full).toBe(false);
    known.learnFull();
    known.learn([4n], 2);
    expect(known.full).toBe(false);
  });

  test("passes over what the asker cannot use", () => {
    const known = new KnownNeighbourhood(seededRandom(1));
    known.learn(positions(0, 4), 1);
    expect(known.take((position) => position % 2n === 1n)).toBe(1n);
  });

  test("stays in order when one address was in the way, and goes to random when a neighbour took several", () => {
    const known = new KnownNeighbourhood(seededRandom(1));
    known.learn(positions(0, 100), 1);
    known.take(ANY);
    known.lost(0n);
    known.learn(positions(1, 100), 2);
    expect([known.contested, known.take(ANY)]).toEqual([false, 1n]);
    known.lost(1n);
    known.learn(positions(10, 100), 3);
    expect(known.contested).toBe(true);
    expect([known.take(ANY), known.take(ANY)]).not.toEqual([10n, 11n]);
  });

  test("stays in order where another network of this node took several", () => {
    const known = new KnownNeighbourhood(seededRandom(1));
    known.learn(positions(0, 100), 1);
    for (const position of positions(1, 10)) known.won(position, 2);
    expect(known.take(ANY)).toBe(0n);
    known.lost(0n);
    known.learn(positions(10, 100), 3);
    expect([known.contested, known.take(ANY)]).toEqual([false, 10n]);
  });

  test("calms down after 64 races without a lost one", () => {
    const known = new KnownNeighbourhood(seededRandom(1));
    known.learn(positions(0, 100), 1);
    known.take(ANY);
    known.lost(0n);
    known.learn(positions(20, 300), 2);
    for (let won = 0; won < 64; won += 1) known.won(known.take(ANY) ?? -1n, 3 + won);
    expect(known.contested).toBe(false);
  });

  test("has again what the node gave back, when it has cooled down and nothing else is left", () => {
    let now = 0;
    const known = new KnownNeighbourhood(seededRandom(1), () => now);
    known.learn(positions(0, 2), 1);
    known.take(ANY);
    known.won(0n, 2);
    known.freed(0n, 60_000);
    expect(known.take(ANY)).toBe(1n);
    expect(known.take(ANY)).toBeUndefined();
    now = 60_000;
    expect(known.take(ANY)).toBe(0n);
  });

  test("tries one address only of those that should have cooled down and have not", () => {
    let now = 0;
    const known = new KnownNeighbourhood(seededRandom(1), () => now);
    for (const position of [1n, 2n, 3n]) known.freed(position, 0);
    expect(known.take(ANY)).toBe(1n);
    known.lost(1n);
    expect(known.take(ANY)).toBeUndefined();
    now = 10_000;
    expect(takeAll(known)).toEqual([2n, 3n]);
  });

  test("an older read says nothing of what this process has won since, a newer one does", () => {
    const known = new KnownNeighbourhood(seededRandom(1));
    known.learn(positions(0, 3), 1);
    expect(known.take(ANY)).toBe(0n);
    known.won(0n, 7);
    known.learn(positions(0, 3), 6);
    expect(takeAll(known)).toEqual([1n, 2n]);
    known.learn([0n], 7);
    expect(takeAll(known)).toEqual([0n]);
  });

  test("forgets an ADD that never told how it ended", () => {
    let now = 0;
    const known = new KnownNeighbourhood(seededRandom(1), () => now);
    known.learn([0n], 1);
    expect(known.take(ANY)).toBe(0n);
    known.learn([0n], 2);
    expect(known.take(ANY)).toBeUndefined();
    now = 60_001;
    known.learn([0n], 3);
    expect(known.take(ANY)).toBe(0n);
  });

  test("never gives one position to two ADDs that run at once, in any order of events", () => {
    const event = fc.oneof(
      { weight: 4, arbitrary: fc.constant("take" as const) },
      fc.constantFrom("won" as const, "lost" as const, "freed" as const),
      fc.array(fc.nat(30), { maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), fc.integer(), (events, seed) => {
        const known = new KnownNeighbourhood(seededRandom(seed), () => 0);
        const running: bigint[] = [];
        const holding: bigint[] = [];
        let revision = 1;
        for (const each of events) {
          if (each === "take") {
            const position = known.take(ANY);
            if (position === undefined) continue;
            expect(running).not.toContain(position);
            running.push(position);
          } else if (each === "won") {
            const position = running.shift();
            if (position !== undefined) known.won(position, ++revision);
            if (position !== undefined) holding.push(position);
          } else if (each === "lost") {
            const position = running.shift();
            if (position !== undefined) known.lost(position);
          } else if (each === "freed") {
            const position = holding.shift();
            if (position !== undefined) known.freed(position, 0);
          } else {
            const free = [...new Set(each)].map(BigInt).filter((position) => !holding.includes(position));
            known.learn(free, revision);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("keeps a bounded memory, whatever it gave out and took back", () => {
    const known = new KnownNeighbourhood(seededRandom(1), () => 0);
    for (let position = 0n; position < 20_000n; position += 1n) {
      known.won(position, Number(position));
      known.freed(position, 0);
    }
    expect(takeAll(known).length).toBe(512);
  });
});
