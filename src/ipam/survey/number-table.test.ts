import { expect, test } from "bun:test";
import fc from "fast-check";
import { NumberTable } from "./number-table.ts";

/** A table is a map, whatever is added and deleted. */
test("K201: after any additions and deletions a table holds what a map does", () => {
  const key = fc.oneof(
    // So few that most are deleted again, and so many that they meet in a small table.
    fc.integer({ min: 0, max: 30 }),
    fc.integer({ min: 0, max: 2 ** 53 - 1 }),
    fc.integer({ min: 0, max: 30 }).map((n) => n * 2 ** 32),
  );
  const step = fc.record({ key, value: fc.integer(), gone: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 60, maxLength: 200 }), (steps) => {
      const table = new NumberTable(["value", "twice"]);
      const map = new Map<number, number>();
      for (const { gone, key: of, value } of steps) {
        if (gone) {
          table.delete(of);
          map.delete(of);
          continue;
        }
        const slot = table.add(of);
        expect(table.columns.twice[slot]).toBe(2 * (map.get(of) ?? 0));
        table.columns.value[slot] = value;
        table.columns.twice[slot] = 2 * value;
        map.set(of, value);
      }
      expect(table.size).toBe(map.size);
      const held = new Map<number, number>();
      table.each((of, slot) => held.set(of, table.columns.value[slot] ?? Number.NaN));
      expect(held).toEqual(map);
      expect([...table.keys()].sort()).toEqual([...map.keys()].sort());
      for (const [of, value] of map) expect(table.columns.value[table.find(of)]).toBe(value);
      for (const { key: of } of steps) if (!map.has(of)) expect(table.find(of)).toBe(-1);
    }),
  );
});
