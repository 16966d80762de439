import { expect, test } from "bun:test";
import { attempt, MOST_ATTEMPTS } from "./attempts.ts";

test("K223: attempts to connect to one peer are bounded, and others may begin as soon as some have ended", async () => {
  const ends: (() => void)[] = [];
  const silent = () => attempt("silent", () => new Promise<void>((resolve) => ends.push(resolve)));
  const all = Array.from({ length: MOST_ATTEMPTS }, silent);
  expect(silent()).rejects.toThrow("no answer yet");
  await attempt("other", () => Promise.resolve());
  await attempt("other", () => Promise.reject(new Error("refused"))).catch(() => undefined);
  ends[0]?.();
  await all[0];
  all[0] = silent();
  expect(ends).toHaveLength(MOST_ATTEMPTS + 1);
  expect(silent()).rejects.toThrow("no answer yet");
  for (const end of ends) end();
  await Promise.all(all);
});
