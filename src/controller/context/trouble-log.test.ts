import { expect, test } from "bun:test";
import { TroubleLog } from "./trouble-log.ts";

test("a trouble is told when it begins, changes and ends", () => {
  const told: string[] = [];
  const trouble = new TroubleLog((level, message, fields) => {
    told.push([level, message, ...Object.values(fields ?? {})].join(" "));
  }, "it failed");
  trouble.worked();
  for (const reason of ["slow", "slow", "away", "slow"]) trouble.failed(new Error(reason));
  trouble.worked();
  trouble.worked();
  trouble.failed("slow");
  expect(told).toEqual([
    "warn it failed slow",
    "warn it failed away",
    "warn it failed slow",
    "info over: it failed",
    "warn it failed slow",
  ]);
});
