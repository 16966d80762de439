import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfiguration } from "./read-configuration.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kube-ipam-configuration-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const OURS = { type: "macvlan", ipam: { type: "kube-ipam", subnet: "10.1.2.0/24" } };
const THEIRS = { type: "bridge", ipam: { type: "whereabouts", range: "10.9.0.0/16", Subnet: 1, subnet: 2 } };

test("a single configuration is handed on as it came", () => {
  const text =
    '{ "Name": "lan", "IPAM": { "type": "kube-ipam", "subnet": "10.1.2.0/24", "subnet": "10.1.3.0/24" } }';
  expect(read(text)).toMatchObject({ kind: "network", stdin: text });
});

test("C36: a list is read without regard to case, and other plugins' configurations are theirs", () => {
  const list = { CNIVersion: "1.0.0", Name: "lan", Plugins: [THEIRS, { type: "macvlan", IPAM: OURS.ipam }] };
  expect(network(JSON.stringify(list))).toEqual({ cniVersion: "1.0.0", name: "lan", ...OURS });
});

test("C38: a list with a key of ours that is there twice is refused", () => {
  const list = JSON.stringify({ cniVersion: "1.0.0", name: "lan", plugins: [THEIRS, OURS] });
  expect(() => read(list.replace('"subnet":"10.1.2.0/24"', '"subnet":"10.1.2.0/24","SubNet":1'))).toThrow(
    'plugins[1].ipam.subnet is there twice: as "subnet" and as "SubNet"',
  );
});

test("a definition's network has the definition's name where it has none", () => {
  const definition = (config: object) =>
    JSON.stringify({ kind: "N", metadata: { name: "db" }, spec: { config: JSON.stringify(config) } });
  expect(network(definition(OURS))).toEqual({ ...OURS, name: "db" });
  expect(network(definition({ ...OURS, Name: "lan" }))).toEqual({ ...OURS, Name: "lan" });
});

test("anything else is the node's file", () => {
  expect(read('{"dataDir":"/d"}')).toMatchObject({ kind: "node", file: { text: '{"dataDir":"/d"}' } });
});

function read(text: string) {
  const path = join(folder, "configuration.json");
  writeFileSync(path, text);
  return readConfiguration(path);
}

function network(text: string): unknown {
  const given = read(text);
  return given.kind === "network" ? JSON.parse(given.stdin) : given;
}
