import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { readCachedResults } from "./libcni-cache.ts";
import { useScratch } from "./test-kit/scratch.ts";

const scratch = useScratch();
const config = { cniVersion: "1.0.0", name: "net1", type: "macvlan", ipam: { type: "kube-ipam" } };

const cached = {
  kind: "cniCacheV1",
  containerId: "c1",
  config: Buffer.from(JSON.stringify(config)).toString("base64"),
  ifName: "net1",
  networkName: "net1",
  cniArgs: [["K8S_POD_NAME", "db-0"]],
  capabilityArgs: { portMappings: [] },
  result: {
    cniVersion: "1.0.0",
    interfaces: [{ name: "mac0" }, { name: "net1", sandbox: "/run/netns/x" }],
    ips: [{ address: "10.1.2.3/24" }],
  },
};

function folderWith(files: Readonly<Record<string, unknown>>): string {
  const folder = scratch();
  mkdirSync(`${folder}/results`);
  for (const [name, content] of Object.entries(files)) {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    writeFileSync(`${folder}/results/${name}`, text);
  }
  return folder;
}

test("a result is read with its configuration, arguments and namespace", () => {
  const { results, unreadable } = readCachedResults(folderWith({ "net1-c1-net1": cached }));
  expect(unreadable).toEqual([]);
  expect(results).toMatchObject([
    {
      container: "c1",
      ifname: "net1",
      network: "net1",
      args: [["K8S_POD_NAME", "db-0"]],
      netns: "/run/netns/x",
    },
  ]);
  expect(JSON.parse(results[0]?.config ?? "")).toEqual(config);
});

test("Multus keeps those of further networks in a folder of its own", () => {
  const folder = folderWith({ a: cached });
  mkdirSync(`${folder}/multus/results`, { recursive: true });
  writeFileSync(`${folder}/multus/results/b`, JSON.stringify({ ...cached, containerId: "c2" }));
  expect(readCachedResults(folder).results.map(({ container }) => container)).toEqual(["c1", "c2"]);
});

test("newer libraries name the namespace themselves", () => {
  const { results } = readCachedResults(folderWith({ a: { ...cached, netns: "/run/netns/y" } }));
  expect(results[0]?.netns).toBe("/run/netns/y");
});

test("without a result of 0.3.0 or later, or arguments, the rest is still told", () => {
  const result = { cniVersion: "0.2.0", ip4: { ip: "10.1.2.3/24" } };
  const { results } = readCachedResults(folderWith({ a: { ...cached, cniArgs: null, result } }));
  expect(results).toMatchObject([{ netns: "", args: [], result }]);
});

test("what is no result is named; where there is no cache there is nothing", () => {
  const { results, unreadable } = readCachedResults(
    folderWith({ half: '{"kind": "cni', other: { kind: "x" } }),
  );
  expect([results, unreadable.toSorted()]).toEqual([[], ["half", "other"]]);
  expect(readCachedResults(scratch())).toEqual({ results: [], unreadable: [] });
});
