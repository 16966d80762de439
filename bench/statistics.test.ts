import { expect, test } from "bun:test";
import { markdown, median, quantile } from "./statistics.ts";

test("median and quantiles take the nearest rank", () => {
  const values = [5, 1, 4, 2, 3];
  expect(median(values)).toBe(3);
  expect(quantile(values, 0.99)).toBe(5);
  expect(quantile([7], 0.99)).toBe(7);
});

test("a table has its head, its rule and its rows", () => {
  expect(
    markdown([
      ["what", "ms"],
      ["ADD", "1.0"],
    ]),
  ).toBe("| what | ms |\n| --- | ---: |\n| ADD | 1.0 |");
});
