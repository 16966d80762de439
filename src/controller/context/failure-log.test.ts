import { expect, test } from "bun:test";
import { IpamError } from "../../ipam/errors.ts";
import { FailureLog } from "./failure-log.ts";

test("a failure is logged when it begins, changes and ends", () => {
  const logged: string[] = [];
  const failures = new FailureLog((level, message, fields) => {
    logged.push([level, message, ...Object.values(fields ?? {})].join(" "));
  }, "it failed");
  failures.succeeded();
  for (const reason of ["slow", "slow", "away", "slow"]) failures.failed(new Error(reason));
  failures.succeeded();
  failures.succeeded();
  failures.failed("slow");
  failures.failed(new IpamError("tryAgain", "the store is away", "look after it"));
  expect(logged).toEqual([
    "warn it failed slow",
    "warn it failed away",
    "warn it failed slow",
    "info resolved: it failed",
    "warn it failed slow",
    "warn it failed the store is away: look after it",
  ]);
});
