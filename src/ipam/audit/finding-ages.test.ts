import { expect, test } from "bun:test";
import { FindingAges } from "./finding-ages.ts";
import type { AuditFinding } from "./types.ts";

const finding = (id: string): AuditFinding => ({
  kind: "leak",
  reason: "pod-gone",
  id,
  space: "default",
  address: "10.1.2.3",
  what: "",
  remedy: "",
});

test("a finding counts from the second look on, and is as old as its first", () => {
  let now = 1_000;
  const ages = new FindingAges(() => now);
  expect(ages.note([finding("a")])).toEqual([]);
  now = 31_000;
  const still = ages.note([finding("a"), finding("b")]);
  expect(still.map(({ id }) => id)).toEqual(["a"]);
  expect(ages.oldestSeconds(still)).toBe(30);
  now = 61_000;
  expect(ages.oldestSeconds(ages.note([finding("b")]))).toBe(30);
});

test("what went and came again is new", () => {
  let now = 0;
  const ages = new FindingAges(() => now);
  ages.note([finding("a")]);
  ages.note([]);
  now = 60_000;
  expect(ages.note([finding("a")])).toEqual([]);
  now = 61_000;
  expect(ages.oldestSeconds(ages.note([finding("a")]))).toBe(1);
  expect(ages.oldestSeconds([])).toBe(0);
});
