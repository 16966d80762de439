import { expect, test } from "bun:test";
import fs from "node:fs";
import { isDue } from "./due.ts";
import { useScratch } from "./test-kit/scratch.ts";

const scratch = useScratch();

test("a task is due at first, then not before its time has passed", async () => {
  const folder = scratch();
  expect([isDue(folder, "sweep", 600), isDue(folder, "sweep", 600), isDue(folder, "other", 600)]).toEqual([
    true,
    false,
    true,
  ]);
  await Bun.sleep(60);
  expect([isDue(folder, "sweep", 0.03), isDue(folder, "sweep", 600)]).toEqual([true, false]);
});

test("errs towards true: no folder, no number, or one of the future", () => {
  const folder = scratch();
  fs.writeFileSync(`${folder}/file`, "");
  expect([isDue(`${folder}/file`, "sweep", 600), isDue(`${folder}/file`, "sweep", 600)]).toEqual([
    true,
    true,
  ]);
  fs.writeFileSync(`${folder}/a`, "garbage");
  fs.writeFileSync(`${folder}/b`, `${"9".repeat(40)}\n`);
  expect([isDue(folder, "a", 600), isDue(folder, "b", 600)]).toEqual([true, true]);
  expect([isDue(folder, "a", 600), isDue(folder, "b", 600)]).toEqual([false, false]);
});
