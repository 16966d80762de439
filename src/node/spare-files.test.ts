import { expect, test } from "bun:test";
import fs from "node:fs";
import { openSpareFiles } from "./spare-files.ts";
import { useScratch } from "./test-kit/scratch.ts";

const scratch = useScratch();

function file(path: string): string {
  fs.writeFileSync(path, "text");
  return path;
}

test("a file that was taken away is placed again, empty", () => {
  const [base, folder] = [scratch(), scratch()];
  const spares = openSpareFiles(folder);
  const { ino } = fs.statSync(file(`${base}/a`));
  spares.take(`${base}/a`);
  spares.place(`${base}/b`);
  expect(fs.readdirSync(base)).toEqual(["b"]);
  expect(fs.statSync(`${base}/b`)).toMatchObject({ ino, size: 0, nlink: 1 });
});

test("nothing that is there is replaced", () => {
  const [base, folder] = [scratch(), scratch()];
  const spares = openSpareFiles(folder);
  spares.take(file(`${base}/a`));
  spares.place(file(`${base}/b`));
  expect(fs.readFileSync(`${base}/b`, "utf8")).toBe("text");
});

test("a file that is borrowed is nobody else's", () => {
  const [base, folder] = [scratch(), scratch()];
  const spares = openSpareFiles(folder);
  spares.take(file(`${base}/a`));
  const borrowed = spares.borrow();
  expect(fs.readdirSync(folder).map((name) => `${folder}/${name}`)).toEqual([borrowed ?? ""]);
  expect(spares.borrow()).toBeUndefined();
});

test("what another process has is left alone, unless it was left long ago", () => {
  const [base, folder] = [scratch(), scratch()];
  openSpareFiles(folder).take(file(`${base}/a`));
  fs.utimesSync(file(`${folder}/old`), 0, 0);
  const spares = openSpareFiles(folder);
  spares.place(`${base}/b`);
  expect([fs.readdirSync(base), fs.readdirSync(folder).length]).toEqual([[], 1]);
});

test("a file that another process removed is not missed", () => {
  const [base, folder] = [scratch(), scratch()];
  const spares = openSpareFiles(folder);
  spares.take(file(`${base}/a`));
  for (const name of fs.readdirSync(folder)) fs.rmSync(`${folder}/${name}`);
  spares.place(`${base}/b`);
  expect(fs.readdirSync(base)).toEqual([]);
});

test("a folder that somebody removed is no reason to fail", () => {
  const [base, folder] = [scratch(), scratch()];
  const spares = openSpareFiles(folder);
  fs.rmSync(folder, { recursive: true });
  spares.take(file(`${base}/a`));
  spares.place(`${base}/a`);
  expect(fs.readdirSync(base)).toEqual([]);
});
