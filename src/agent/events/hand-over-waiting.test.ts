import { expect, test } from "bun:test";
import { HandOverWaiting } from "./hand-over-waiting.ts";

const SECOND = 1000;

test("nobody waits: 0", () => {
  expect(new HandOverWaiting().longest(5 * SECOND)).toBe(0);
});

test("the longest counts, from the first refusal on", () => {
  const waiting = new HandOverWaiting();
  waiting.refused("a", 0);
  waiting.refused("b", 50 * SECOND);
  waiting.refused("a", 60 * SECOND);
  expect(waiting.longest(130 * SECOND)).toBe(130);
});

test("a pod that has its address is forgotten, and begins anew", () => {
  const waiting = new HandOverWaiting();
  waiting.refused("a", 0);
  waiting.ended("a");
  expect(waiting.longest(10 * SECOND)).toBe(0);
  waiting.refused("a", 20 * SECOND);
  expect(waiting.longest(21 * SECOND)).toBe(1);
});

test("a pod that stopped asking for 90 seconds is forgotten", () => {
  const waiting = new HandOverWaiting();
  waiting.refused("a", 0);
  expect(waiting.longest(90 * SECOND)).toBe(90);
  expect(waiting.longest(91 * SECOND)).toBe(0);
});

test("K237: pods that stopped asking are forgotten although nobody reads the metric", () => {
  const waiting = new HandOverWaiting();
  for (let pod = 0; pod < 1000; pod++) waiting.refused(`pod ${pod}`, pod * SECOND);
  expect(waiting.size).toBe(91);
});
