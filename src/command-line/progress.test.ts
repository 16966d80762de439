import { expect, test } from "bun:test";
import { progressText, type Screen, startProgress, untilPrinted } from "./progress.ts";

test("counts where the end is not known, and shows a bar where it is", () => {
  expect(progressText("reading records", 12_345)).toBe("reading records: 12,345");
  expect(progressText("writing", 0, 8)).toBe("writing [........................] 0 % (0 of 8)");
  expect(progressText("writing", 1_000, 3_000)).toBe(
    "writing [########................] 33 % (1,000 of 3,000)",
  );
  expect(progressText("writing", 9, 8)).toContain("100 %");
});

function screen(isTerminal: boolean) {
  const written: string[] = [];
  const clock = { now: 0 };
  const on: Screen = { isTerminal, write: (text) => void written.push(text), now: () => clock.now };
  return { written, clock, on };
}

test("shows itself to a person who waits, and goes away", () => {
  const { written, clock, on } = screen(true);
  const progress = startProgress("reading", on);
  progress.at(1);
  clock.now = 500;
  progress.at(1_000);
  progress.at(1_001);
  clock.now = 700;
  progress.at(7);
  progress.end();
  expect(written).toEqual(["\rreading: 1,000", "\rreading: 7    ", `\r${" ".repeat(10)}\r`]);
});

test("what is done at once shows nothing, and so does a pipe", () => {
  const quick = screen(true);
  const progress = startProgress("reading", quick.on);
  progress.at(1);
  progress.end();
  const pipe = screen(false);
  const silent = startProgress("reading", pipe.on);
  pipe.clock.now = 10_000;
  silent.at(1);
  silent.end();
  expect([...quick.written, ...pipe.written]).toEqual([]);
});

test("K230: once a part is printed, nothing is written into what may be a pager's terminal", () => {
  const shownAfter = (isFile: boolean) => {
    const { clock, on, written } = screen(true);
    const progress = untilPrinted(startProgress("reading", on), isFile);
    clock.now = 500;
    progress.at(1);
    progress.end();
    clock.now = 1_000;
    progress.at(2);
    return written.length;
  };
  expect([shownAfter(false), shownAfter(true)]).toEqual([2, 3]);
});
