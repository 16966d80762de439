import { expect, test } from "bun:test";
import fs from "node:fs";
import { openSpareFiles } from "./spare-files.ts";
import { useScratch } from "./test-kit/scratch.ts";

const scratch = useScratch();

function file(path: string): string {
  fs.writeFileSync(path, "text");
  return path;
}

test("a file that was taken away is lent again, empty", () => {
  const [base, folder] = [scratch(), scratch()];
  const spares = openSpareFiles(folder);
  const { ino } = fs.statSync(file(`${base}/a`));
  spares.take(`${base}/a`);
  expect(fs.readdirSync(base)).toEqual([]);
  expect(fs.statSync(spares.borrow() ?? "")).toMatchObject({ ino, size: 0, nlink: 1 });
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
  expect(openSpareFiles(folder).borrow()).toBeUndefined();
  expect(fs.readdirSync(folder).length).toBe(1);
});

test("what is closed leaves no file behind, and keeps none", async () => {
  const [base, folder] = [scratch(), scratch()];
  const spares = openSpareFiles(folder);
  spares.take(file(`${base}/a`));
  spares.close();
  expect(fs.readdirSync(folder)).toEqual([]);
  spares.take(file(`${base}/b`));
  expect(spares.borrow()).toBeUndefined();
  await Bun.sleep(30);
  expect([...fs.readdirSync(folder), ...fs.readdirSync(base)]).toEqual([]);
});

test("a folder that somebody removed is no reason to fail", () => {
  const [base, folder] = [scratch(), scratch()];
  const spares = openSpareFiles(folder);
  fs.rmSync(folder, { recursive: true });
  spares.take(file(`${base}/a`));
  expect(spares.borrow()).toBeUndefined();
  expect(fs.readdirSync(base)).toEqual([]);
});
