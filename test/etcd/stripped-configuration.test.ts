import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { kubeIpamOnEtcd } from "../kit/subject-etcd.ts";
import { type Configuration, World } from "../kit/world.ts";

/** A runtime that frees with the rest of a configuration, which names no etcd any more. */

let world: World;
beforeAll(async () => {
  world = await World.open(kubeIpamOnEtcd({ tls: false }));
}, 120_000);
afterAll(() => world[Symbol.asyncDispose]());

test("E42: a DEL that names another store than its ADD's is kept, begins no store, and frees with the next verb", async () => {
  const whole = world.network({ subnet: "10.1.2.0/24" });
  const { dataDir, runDir, logFile, nodeName } = whole.ipam as Record<string, string>;
  const places: Configuration = { dataDir, runDir, logFile, ...(nodeName && { nodeName }) };
  const stripped = { ...whole, ipam: { type: "kube-ipam", ...places } };
  const file = join(String(dataDir), "kube-ipam.db");
  await world.add(whole);
  const gone = (await world.makeNamespace()).path;
  await world.add(whole, { container: "c2", netns: gone });
  for (const [verb, call] of [
    ["DEL", {}],
    ["DEL", {}],
    ["DEL", { container: "never-added" }],
    ["GC", {}],
    ["STATUS", {}],
  ] as const) {
    const more = verb === "GC" ? { "cni.dev/valid-attachments": [] } : {};
    const configuration = { ...stripped, cniVersion: "1.1.0", ...more };
    if (verb === "STATUS") await world.run(verb, configuration);
    else await world.quietly(verb, configuration, call);
    expect(existsSync(file)).toBe(false);
  }
  expect(await world.heldAddresses()).toEqual(["10.1.2.2", "10.1.2.3"]);
  await world.del(whole, { container: "c2", netns: gone });
  expect(await world.held()).toEqual([]);
});
