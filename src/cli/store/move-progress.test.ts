import { expect, test } from "bun:test";
import { moveProgress } from "./move-progress.ts";

function told(isTerminal: boolean): string {
  let [now, text] = [0, ""];
  const write = (part: string) => {
    text += part;
  };
  const progress = moveProgress((line) => write(`${line}\n`), { isTerminal, write, now: () => now });
  progress.step("copying");
  now += 1000;
  progress.read(2000);
  now += 1000;
  progress.wrote(500, 2000);
  progress.step("stopped");
  progress.end();
  return text;
}

test("who waits at a terminal sees what is read and written, and a clean line at each step", () => {
  const clean = (width: number) => `\r${" ".repeat(width)}\r`;
  const [reading, writing] = [
    "reading records: 2,000",
    "writing records [######..................] 25 % (500 of 2,000)",
  ];
  expect(told(true)).toBe(
    `copying\n\r${reading}${clean(reading.length)}\r${writing}${clean(writing.length)}stopped\n`,
  );
});

test("elsewhere the steps stand alone", () => {
  expect(told(false)).toBe("copying\nstopped\n");
});
