import { expect, test } from "bun:test";
import { FailureLog } from "./failure-log.ts";

test("a failure is logged once, and again when its reason changes or it had gone well", () => {
  const logged: unknown[] = [];
  const failures = new FailureLog((_level, message, fields) => void logged.push([message, fields?.reason]));
  for (const reason of ["a", "a", "b"]) failures.failed("x", "cannot", reason);
  failures.failed("y", "cannot", "b");
  expect(failures.size).toBe(2);
  failures.went("x");
  failures.failed("x", "cannot", "b");
  expect(logged).toEqual(["a", "b", "b", "b"].map((reason) => ["cannot", reason]));
});

test("K236: what nobody tries any more fails no more", () => {
  const failures = new FailureLog(() => undefined);
  for (const what of ["x", "y", "z"]) failures.failed(what, "cannot", "a");
  failures.keepOnly(new Set(["y", "other"]));
  expect(failures.size).toBe(1);
});
