import { beforeAll, describe, expect, test } from "bun:test";
import { SMALL, simulate } from "../../../test/kit/fleet/in-memory.ts";
import { mean, type Tally } from "../../../test/kit/fleet/tally.ts";

/**
 * A cluster's life on a store in memory and in virtual time (bench/thousand-nodes.ts lives it on etcd, with a thousand
 * nodes): all counts are the same in each run.
 */
describe("many nodes on one store", () => {
  let tally: Tally;
  let faults: string[];
  beforeAll(async () => {
    ({ tally, faults } = await simulate(SMALL));
  }, 120_000);
  const of = (phase: string) => tally.of(phase);

  test("K195: every address has one owner, nothing leaks, and none is refused while one is free", () => {
    expect(faults).toEqual([]);
  });

  test("K196: an ADD costs hardly more than one round trip while all nodes boot at once, up to 92 % of the pool", () => {
    const boot = of("a ");
    expect(boot.adds).toBe(Math.round(0.92 * SMALL.pool));
    expect(mean(boot)).toBeLessThanOrEqual(1.2);
    expect(boot.lost / boot.adds).toBeLessThanOrEqual(0.2);
  });

  test("K197: replacing pods, and agents that know nothing any more, cost no more than two", () => {
    expect(mean(of("b "))).toBeLessThanOrEqual(1.5);
    expect(mean(of("c "))).toBeLessThanOrEqual(2);
  });

  test("K198: fixed addresses of lost nodes are taken over at once", () => {
    const taken = of("d taken over");
    expect(taken.adds).toBe(of("d fixed").adds);
    expect(mean(taken)).toBeLessThanOrEqual(4);
  });

  test("K199: the last percent costs at most three, and what is freed of a full pool is found again", () => {
    expect(mean(of("e last percent"))).toBeLessThanOrEqual(3);
    const again = of("e found again");
    expect(again.adds).toBe(20);
    expect(mean(again)).toBeLessThanOrEqual(5);
  });
});
