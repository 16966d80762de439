import { expect, test } from "bun:test";
import fs from "node:fs";
import type { NodeSettings } from "../../config/network-configuration.ts";
import { useScratch } from "../../node/test-kit/scratch.ts";
import { WarmNodes } from "./warm-nodes.ts";

const scratch = useScratch();

function settings(): NodeSettings {
  const runDir = scratch();
  return { dataDir: scratch(), runDir, nodeName: "n1", logFile: "", logLevel: "info", nodeLocal: false };
}

test("one node for the same folders and name, whatever else differs", () => {
  const nodes = new WarmNodes();
  const own = settings();
  expect(nodes.lend({ ...own, logLevel: "debug" })).toBe(nodes.lend(own));
  expect(nodes.lend({ ...own, nodeName: "n2" })).not.toBe(nodes.lend(own));
});

test("of too many nodes that goes which was lent longest ago, its hints in their files and its spare files gone", async () => {
  const nodes = new WarmNodes(2);
  const all = [settings(), settings(), settings()] as const;
  const [first, second] = [nodes.lend(all[0]), nodes.lend(all[1])];
  first.cursors.advance("pool", () => 7n);
  second.cursors.advance("pool", () => 8n);
  const spare = `${all[1].runDir}/spare`;
  // They are made in advance, one by one.
  while (!fs.existsSync(spare)) await Bun.sleep(1);
  expect(nodes.lend(all[0])).toBe(first);
  nodes.lend(all[2]);
  expect(nodes.lend(all[0])).toBe(first);
  expect(fs.readdirSync(spare)).toEqual([]);
  const again = nodes.lend(all[1]);
  expect(again).not.toBe(second);
  expect(again.cursors.read("pool")).toBe(8n);
  nodes.flush();
});
