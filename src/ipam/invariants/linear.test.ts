import { expect, test } from "bun:test";
import { networkOf, parseCidr } from "../../address/cidr.ts";
import { isWithin } from "../../address/interval.ts";
import { neverGivenOut } from "../../address/not-allowed.ts";
import { dynamicPools, withoutIntervals } from "../../address/pool.ts";
import { counted, growth } from "../../address/testing/counted.ts";
import { planTargets } from "../plan/plan.ts";
import { network } from "../testing/networks.ts";
import { fillSets, fillWithIntervals } from "../wish/fill-sets.ts";

/** CAPPED (docs/design.md section 4): below a bound, twice as much costs about twice as much work. */
const LINEAR = 2.5;

const BASE = networkOf(parseCidr("10.0.0.0/8")).value;
const many = <T>(count: number, item: (index: number) => T) =>
  Array.from({ length: count }, (_, n) => item(n));
/** Sets that all could give every address. */
const sharing = (count: number) =>
  many(count, (index) => {
    const at = (host: number) => ({ family: 4, value: BASE + BigInt(index * 256 + host) }) as const;
    return { ranges: [{ subnet: parseCidr("10.0.0.0/8"), dynamic: { first: at(1), last: at(200) } }] };
  });

test.each([1, 64])("addresses that are named, in %i range sets of one subnet", (sets) => {
  const work = (size: number) => {
    const { address, looks } = counted();
    const wishes = many(size, (index) => ({ address: address(BASE + BigInt(index)) }));
    fillSets(sharing(sets), [wishes.slice(0, size / 2), wishes]);
    return looks();
  };
  expect(growth(work, 400)).toBeLessThan(LINEAR);
});

test.each([1, 64])("intervals of a list, in %i range sets of one subnet", (sets) => {
  const work = (size: number) => {
    const { interval, looks } = counted();
    const list = many(size, (index) => interval(BASE + BigInt(3 * index), BASE + BigInt(3 * index + 1)));
    fillWithIntervals(sharing(sets), [list, list]);
    return looks();
  };
  expect(growth(work, 400)).toBeLessThan(LINEAR);
});

test("exclusions, taken out of as many ranges", () => {
  const work = (size: number) => {
    const { interval, looks } = counted();
    const exclude = many(size, (index) =>
      interval(BASE + BigInt(256 * index + 50), BASE + BigInt(256 * index + 60)),
    );
    const ranges = many(size, (index) => ({
      subnet: parseCidr("10.0.0.0/8"),
      dynamic: interval(BASE + BigInt(256 * index), BASE + BigInt(256 * index + 255)),
    }));
    const network = { sets: [{ ranges }], exclude };
    for (const set of network.sets) dynamicPools(set, neverGivenOut(network));
    return looks();
  };
  expect(growth(work, 400)).toBeLessThan(LINEAR);
});

test("addresses that are looked for in a list, and a list that is taken out of a pool", () => {
  const work = (size: number) => {
    const { address, interval, looks } = counted();
    const list = many(size, (index) => interval(BASE + BigInt(9 * index), BASE + BigInt(9 * index + 3)));
    for (let index = 0; index < size; index++) isWithin(address(BASE + BigInt(5 * index)), list);
    const set = { ranges: [{ subnet: parseCidr("10.0.0.0/8"), dynamic: interval(BASE, BASE + 1_000_000n) }] };
    for (const pool of dynamicPools(set, list)) withoutIntervals(pool, list);
    return looks();
  };
  expect(growth(work, 400)).toBeLessThan(LINEAR);
});

test("a list, in a range set whose ranges are many parts of one subnet", () => {
  const work = (size: number) => {
    const { interval, looks } = counted();
    const list = many(size, (index) => interval(BASE + BigInt(9 * index + 1), BASE + BigInt(9 * index + 3)));
    const ranges = many(size, (index) => {
      const at = (host: number) => ({ family: 4, value: BASE + BigInt(index * 256 + host) }) as const;
      return { subnet: parseCidr("10.0.0.0/8"), dynamic: { first: at(6), last: at(200) } };
    });
    planTargets({
      attachment: { network: "lan", container: "c", ifname: "eth0" },
      namespacePath: "",
      network: { ...network("lan"), sets: [{ ranges }] },
      wish: { fixed: [], set: list, sticky: false, retain: "workload" },
      deadline: 0,
    });
    return looks();
  };
  expect(growth(work, 400)).toBeLessThan(LINEAR);
});
