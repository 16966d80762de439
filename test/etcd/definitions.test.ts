import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { kubeIpamOnEtcd } from "../kit/subject-etcd.ts";
import { type Configuration, World } from "../kit/world.ts";

/** docs/behaviour.md C82 and C86: nodes of one store with subnets of their own under one network's name. */

let world: World;
beforeAll(async () => {
  world = await World.open(kubeIpamOnEtcd({ tls: false }));
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

const logOf = (node: string) => join(world.place.folder.path, node, "log");

/** What a node with a podCIDR of its own has. */
function onNode(number: number, name: string, change: Configuration = {}): Configuration {
  const node = `${name}-${number}`;
  const folder = join(world.place.folder.path, node);
  return world.network(
    {
      ranges: [[{ subnet: `10.200.${number}.0/24` }]],
      nodeName: node,
      dataDir: join(folder, "data"),
      runDir: join(folder, "run"),
      logFile: logOf(node),
      addressSpace: name,
      ...change,
    },
    { name },
  );
}

function warnings(node: string): string[] {
  return readFileSync(logOf(node), "utf8")
    .split("\n")
    .filter((line) => line.includes("WARN"));
}

test("C82: with nodeLocal each node gives out its own, without a word", async () => {
  const nodes = Array.from({ length: 10 }, (_, number) => number);
  for (const round of ["a", "b"])
    for (const number of nodes) {
      const network = onNode(number, "local", { nodeLocal: true });
      const address = await world.address(network, { container: `${round}${number}` });
      expect(address).toStartWith(`10.200.${number}.`);
    }
  for (const number of nodes) expect(warnings(`local-${number}`)).toEqual([]);
  for (const round of ["a", "b"])
    for (const number of nodes)
      await world.del(onNode(number, "local", { nodeLocal: true }), { container: `${round}${number}` });
  expect(await world.held()).toEqual([]);
}, 120_000);

test("C82: without it they do, too, and the log names nodeLocal, once for each", async () => {
  for (const round of ["a", "b"])
    for (const number of [0, 1, 2])
      expect(await world.address(onNode(number, "bare"), { container: `${round}${number}` })).toStartWith(
        `10.200.${number}.`,
      );
  expect([0, 1, 2].map((number) => warnings(`bare-${number}`).length)).toEqual([0, 1, 1]);
  expect(warnings("bare-1")[0]).toContain("set nodeLocal: true");
}, 60_000);

test("C86: an address of another node's subnet is 102, and the error says whose it is", async () => {
  const network = onNode(1, "moving", { nodeLocal: true });
  await world.add(onNode(0, "moving", { nodeLocal: true }), { container: "x" });
  await world.refused(
    "ADD",
    network,
    { container: "y", args: "IP=10.200.0.9" },
    {
      code: 102,
      text: /the name 'moving' also stands for 10\.200\.0\.0\/24, but not here/,
    },
  );
}, 60_000);
