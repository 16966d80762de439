import { expect, test } from "bun:test";
import { SaidOnce } from "./said-once.ts";

test("K237: what comes again and again is said once, however many other things are said", () => {
  const said = new SaidOnce(2);
  expect(said.isFirst("often")).toBe(true);
  for (const other of ["a", "b", "c"])
    expect([said.isFirst(other), said.isFirst("often")]).toEqual([true, false]);
  expect(said.isFirst("a")).toBe(true);
});
