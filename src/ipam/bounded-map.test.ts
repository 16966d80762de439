import { expect, test } from "bun:test";
import { BoundedMap } from "./bounded-map.ts";

/** The keys of these that the map knows. */
function known(map: BoundedMap<string, number>, keys: string): string {
  return [...keys].filter((key) => map.get(key) !== undefined).join("");
}

test("one value too many drops the one that was set longest ago", () => {
  const map = new BoundedMap<string, number>(3);
  for (const key of "abc") map.set(key, 1);
  expect(known(map, "abcd")).toBe("abc");
  map.set("d", 1);
  expect(known(map, "abcd")).toBe("bcd");
  expect(map.size).toBe(3);
});

test("a key that is set again is the newest; one that is only read is not", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 1);
  map.set("a", 2);
  map.get("b");
  map.set("c", 1);
  expect(known(map, "abc")).toBe("ac");
  expect(map.get("a")).toBe(2);
});

test("what makes room is told, and nothing else", () => {
  const told: number[] = [];
  const map = new BoundedMap<string, number>(2, (value) => void told.push(value));
  for (const [index, key] of [..."aabc"].entries()) map.set(key, index);
  map.delete("b");
  expect([told, [...map.entries()]]).toEqual([[1], [["c", 3]]]);
});

test("a deleted key makes room", () => {
  const map = new BoundedMap<string, number>(2);
  for (const key of "ab") map.set(key, 1);
  map.delete("a");
  map.set("c", 1);
  expect(known(map, "abc")).toBe("bc");
});
