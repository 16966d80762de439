import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { options, putAll, putAllocation } from "../contract/fixtures.ts";
import { failureOf, useScratch } from "./testing/scratch.ts";

const scratch = useScratch();

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

test("folder and files are root's alone, whatever the umask", async () => {
  const dataDir = `${scratch.folder()}/a/b`;
  const umask = process.umask(0);
  try {
    const store = await scratch.open(dataDir);
    await putAll(store, putAllocation("10.1.2.3"));
    expect(modeOf(dataDir)).toBe("700");
    for (const name of ["", "-wal", "-shm", "-spare"]) {
      expect([name, modeOf(`${dataDir}/kube-ipam.db${name}`)]).toEqual([name, "600"]);
    }
  } finally {
    process.umask(umask);
  }
});

test("the log is written ahead, and stays bounded however much is written", async () => {
  const dataDir = scratch.folder();
  const store = await scratch.open(dataDir);
  const other = await scratch.open(dataDir);
  for (let round = 0; round < 300; round++) {
    const texts = Array.from({ length: 20 }, (_, index) => `10.${index}.0.${round % 256}`);
    await putAll(round % 2 === 0 ? store : other, ...texts.map((text) => putAllocation(text)));
  }
  expect(readFileSync(`${dataDir}/kube-ipam.db`).subarray(18, 20)).toEqual(Buffer.from([2, 2]));
  expect(statSync(`${dataDir}/kube-ipam.db-wal`).size).toBeLessThan(2 * 1024 * 1024);
  await store.close();
  await other.close();
  expect(statSync(`${dataDir}/kube-ipam.db-wal`).size).toBe(0);
});

test("a log that killed processes left to grow is emptied at the next opening, nothing lost", async () => {
  const dataDir = scratch.folder();
  await (await scratch.open(dataDir)).close();
  const file = `${dataDir}/kube-ipam.db`;
  const writer = new Database(file);
  writer.run("pragma wal_autocheckpoint = 0; update state set revision = 7");
  for (let round = 0; round < 60; round++) {
    writer.run("insert into records (key, value, revision) values (?, ?, 7)", [
      `/${round}`,
      "x".repeat(100_000),
    ]);
  }
  const left = scratch.folder();
  mkdirSync(left);
  for (const name of ["", "-wal"]) copyFileSync(`${file}${name}`, `${left}/kube-ipam.db${name}`);
  writer.close();
  expect(statSync(`${left}/kube-ipam.db-wal`).size).toBeGreaterThan(5 * 1024 * 1024);
  const store = await scratch.open(left);
  expect(statSync(`${left}/kube-ipam.db-wal`).size).toBe(0);
  expect((await store.read({}, options())).revision).toBe(7);
});

test.each([
  ["garbage", (file: string) => writeFileSync(file, new Uint8Array(8192).fill(0x5a))],
  ["half a page", (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 2000))],
])("a file that holds %s is corrupt, and left as it is", async (_, ruin) => {
  const dataDir = scratch.folder();
  const store = await scratch.open(dataDir);
  await putAll(store, putAllocation("10.1.2.3"));
  await store.close();
  const file = `${dataDir}/kube-ipam.db`;
  ruin(file);
  const before = readFileSync(file);
  expect(await failureOf(scratch.open(dataDir))).toMatchObject({
    name: "StoreFailure",
    kind: "unwritable",
    message: `the store ${file} is corrupt`,
  });
  expect(readFileSync(file)).toEqual(before);
});

test("a file that a crash left empty becomes a store", async () => {
  const dataDir = scratch.folder();
  mkdirSync(dataDir);
  writeFileSync(`${dataDir}/kube-ipam.db`, "");
  await putAll(await scratch.open(dataDir), putAllocation("10.1.2.3"));
});

test("a folder that cannot be is told with its reason", async () => {
  expect(await failureOf(scratch.open("/dev/null/data"))).toMatchObject({
    kind: "unwritable",
    message: expect.stringMatching(
      /^the store \/dev\/null\/data\/kube-ipam\.db cannot be opened for writing \(ENOTDIR: .*\)$/,
    ),
    remedy: "its folder (key dataDir) must be writable by root and not lie on a read-only file system",
  });
});

test.each([
  ["removed", (file: string) => rmSync(file)],
  [
    "replaced",
    (file: string) => {
      copyFileSync(file, `${file}.new`);
      renameSync(`${file}.new`, file);
    },
  ],
])("a file that was %s while open takes no more writes that nobody would find", async (_, change) => {
  const dataDir = scratch.folder();
  const store = await scratch.open(dataDir);
  await putAll(store, putAllocation("10.1.2.3"));
  change(`${dataDir}/kube-ipam.db`);
  const refusal = {
    kind: "unwritable",
    message: `the store ${dataDir}/kube-ipam.db was removed or replaced while it was open`,
  };
  expect(await failureOf(putAll(store, putAllocation("10.1.2.4")))).toMatchObject(refusal);
  expect(await failureOf(store.read({}, options()))).toMatchObject(refusal);
});
