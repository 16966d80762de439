import { expect, test } from "bun:test";
import { attempt, CROWD, MOST_ATTEMPTS, MOST_OF_ALL } from "./attempts.ts";

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

test("K237: however many peers are silent, attempts are bounded, and another peer may have one until then", async () => {
  const ends: (() => void)[] = [];
  const begin = (peer: string) => attempt(peer, () => new Promise<void>((resolve) => ends.push(resolve)));
  const all = Array.from({ length: CROWD }, (_, index) => begin(`silent ${index % (CROWD / MOST_ATTEMPTS)}`));
  expect(begin("silent 0")).rejects.toThrow("no answer yet");
  await attempt("other", () => Promise.resolve());
  all.push(begin("second"));
  expect(begin("second")).rejects.toThrow("no answer yet");
  for (let peer = 0; ends.length < MOST_OF_ALL; peer++) all.push(begin(`another ${peer}`));
  expect(begin("one more")).rejects.toThrow("no answer yet");
  for (const end of ends) end();
  await Promise.all(all);
  await attempt("one more", () => Promise.resolve());
});
