import { expect, test } from "bun:test";
import { progressText } from "./progress.ts";

test("counts where the end is not known, and shows a bar where it is", () => {
  expect(progressText("reading records", 12_345)).toBe("reading records: 12,345");
  expect(progressText("writing", 0, 8)).toBe("writing [........................] 0 % (0 of 8)");
  expect(progressText("writing", 1_000, 3_000)).toBe(
    "writing [########................] 33 % (1,000 of 3,000)",
  );
  expect(progressText("writing", 9, 8)).toContain("100 %");
});
