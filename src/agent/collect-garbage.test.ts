import { expect, test } from "bun:test";
import { QuietMoment } from "./collect-garbage.ts";

/** The looks, each as [verbs served so far, verbs under way], at which garbage is collected. */
function collectedAt(...looks: readonly (readonly [number, number])[]): number[] {
  const moment = new QuietMoment(0);
  return looks.flatMap(([served, busy], index) => (moment.isNow(served, busy) ? [index] : []));
}

test("I36: garbage is collected once after a burst, not in it", () => {
  expect(collectedAt([20, 0], [60, 0], [100, 3], [140, 0], [140, 0], [140, 0])).toEqual([4]);
});

test("a verb under way is no quiet moment", () => {
  expect(collectedAt([40, 1], [40, 1], [40, 0])).toEqual([2]);
});

test("a few verbs leave nothing that is worth it, until there are more", () => {
  expect(collectedAt([10, 0], [10, 0], [40, 0], [40, 0])).toEqual([3]);
});

test("after very many verbs it is collected in a burst, too", () => {
  expect(collectedAt([2_000, 9], [4_000, 9], [5_000, 9], [8_000, 9])).toEqual([1, 3]);
});
