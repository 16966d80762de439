import { expect, test } from "bun:test";
import fs from "node:fs";
import { parseAddress } from "../address/address.ts";
import type { Memory } from "../ipam/foresight.ts";
import { openForesightFiles } from "./foresight-files.ts";
import { useScratch } from "./test-kit/scratch.ts";

const scratch = useScratch();
const owner = { kind: "Note", namespace: "", name: "lab" };
const reservation = { version: 1, owner, kind: "operator", retain: "keep", since: "" } as const;
const memory: Memory = {
  meta: { revision: 7, record: { version: 1, uuid: "u1", state: "ready" } },
  network: { revision: 8, record: { version: 1, space: "default", subnets: ["10.1.2.0/24"] } },
  reservedRanges: {
    revision: 9,
    record: { version: 1, ranges: [{ first: "10.1.2.3", last: "10.1.2.9", reservation }] },
  },
  reserved: [{ first: parseAddress("10.1.2.3"), last: parseAddress("10.1.2.9") }],
};

test("what one process learnt the next one knows, by network", () => {
  const folder = `${scratch()}/foresight`;
  openForesightFiles(folder).learn('["net1"]', memory);
  expect(openForesightFiles(folder).recall('["net1"]')).toEqual(memory);
  expect(openForesightFiles(folder).recall('["net2"]')).toBeUndefined();
  const { reservedRanges: _, ...plain } = { ...memory, reserved: [] };
  openForesightFiles(folder).learn('["net2"]', plain);
  expect(openForesightFiles(folder).recall('["net2"]')).toEqual(plain);
});

test("what is known already is not written again", () => {
  const folder = `${scratch()}/foresight`;
  openForesightFiles(folder).learn("net1", memory);
  const [name = ""] = fs.readdirSync(folder);
  const { ino } = fs.statSync(`${folder}/${name}`);
  const later = openForesightFiles(folder);
  later.recall("net1");
  later.learn("net1", memory);
  expect(fs.statSync(`${folder}/${name}`).ino).toBe(ino);
});

test("what was forgotten is unknown to all", () => {
  const folder = `${scratch()}/foresight`;
  const files = openForesightFiles(folder);
  files.learn("net1", memory);
  files.forget("net1");
  files.forget("net1");
  expect(openForesightFiles(folder).recall("net1")).toBeUndefined();
});

test("a bounded number of networks is remembered, the newest among them", () => {
  const folder = `${scratch()}/foresight`;
  for (let n = 0; n < 100; n++) openForesightFiles(folder).learn(`net${n}`, memory);
  expect(fs.readdirSync(folder).length).toBe(64);
  expect(openForesightFiles(folder).recall("net99")).toEqual(memory);
});

test("damaged, newer and unusable files are as none", () => {
  const folder = `${scratch()}/foresight`;
  const files = openForesightFiles(folder);
  files.learn("net1", memory);
  const [name = ""] = fs.readdirSync(folder);
  for (const text of [
    "",
    "{",
    "null",
    "7",
    '{"version":1}',
    '{"version":2,"meta":{"record":{"uuid":"u"}}}',
  ]) {
    fs.writeFileSync(`${folder}/${name}`, text);
    expect(files.recall("net1")).toBeUndefined();
  }
  fs.rmSync(folder, { recursive: true });
  fs.writeFileSync(folder, "");
  files.learn("net1", memory);
  expect(files.recall("net1")).toBeUndefined();
  files.forget("net1");
});
