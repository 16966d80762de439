import { expect, test } from "bun:test";
import fs from "node:fs";
import type { JournalEntry } from "../ipam/node-port.ts";
import type { AttachmentId } from "../ipam/records.ts";
import { useScratch } from "./test-kit/scratch.ts";
import { openWitnesses } from "./witnesses.ts";

const scratch = useScratch();
const id = (container: string): AttachmentId => ({ network: "net1", container, ifname: "eth0" });
const witness = (container: string, revision = 1) => ({
  space: "default",
  id: id(container),
  requestId: `r-${container}`,
  revision,
});

function open(living: readonly string[] = []) {
  const path = `${scratch()}/run/witnesses`;
  const read = ({ container }: AttachmentId) =>
    living.includes(container) ? ({ holder: { requestId: `r-${container}` } } as JournalEntry) : undefined;
  return { path, witnesses: openWitnesses(path, { read }) };
}

test("the newest comes first, over all processes", () => {
  const { path, witnesses } = open();
  expect([...witnesses.newest()]).toEqual([]);
  witnesses.note([witness("a", 3), witness("b", 4)]);
  openWitnesses(path, { read: () => undefined }).note([witness("c", 5)]);
  expect([...witnesses.newest()]).toEqual([witness("c", 5), witness("b", 4), witness("a", 3)]);
  witnesses.forget();
  witnesses.forget();
  expect([...witnesses.newest()]).toEqual([]);
});

test("what a killed writer, or anybody else, left in the file hides no other line", () => {
  const { path, witnesses } = open();
  witnesses.note([witness("a")]);
  fs.appendFileSync(path, '{}\n["r",1,"n"]\n\nnonsense\n["r-b",1,"default","net1","b","eth');
  expect([...witnesses.newest()]).toEqual([witness("a")]);
  witnesses.note([witness("c"), witness("d")]);
  expect([...witnesses.newest()]).toEqual([witness("d"), witness("a")]);
});

test("a long file keeps those that live, and the newest", () => {
  const { path, witnesses } = open(["c3", "c700"]);
  const all = Array.from({ length: 6_000 }, (_, index) => witness(`c${index}`));
  for (const each of all) witnesses.note([each]);
  expect(fs.statSync(path).size).toBeLessThan(280_000);
  const kept = [...witnesses.newest()].map(({ id: { container } }) => container);
  expect(kept[0]).toBe("c5999");
  expect(kept.slice(-2)).toEqual(["c700", "c3"]);
});

test("however many live, the file is seldom rewritten", () => {
  const path = `${scratch()}/run/witnesses`;
  let looked = 0;
  const read = ({ container }: AttachmentId) => {
    looked++;
    return { holder: { requestId: `r-${container}` } } as JournalEntry;
  };
  const { note } = openWitnesses(path, { read });
  const containers = Array.from({ length: 3_000 }, (_, index) => String(index).padStart(64, "c"));
  for (const each of containers) note([{ ...witness(each), requestId: `r-${each}` }]);
  expect(looked).toBeLessThan(containers.length);
});

test("never throws: a hint that cannot be written or read is none", () => {
  const { path } = open();
  fs.mkdirSync(path, { recursive: true });
  const { note, newest } = openWitnesses(path, { read: () => undefined });
  note([witness("a")]);
  expect([...newest()]).toEqual([]);
});
