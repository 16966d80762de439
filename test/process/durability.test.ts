import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { ours } from "../kit/case.ts";
import { recordWrites } from "../kit/trace.ts";
import type { World } from "../kit/world.ts";

/** A power cut after a result was printed loses nothing: the disk has it before stdout does. */

const SUBNET = { subnet: "10.1.2.0/24" };

ours("power", "ADD flushes the store before it prints", async (world) => {
  await world.add(world.network(SUBNET), { container: "warm" });
  const calls = await traced(world, "ADD");
  const printed = calls.findIndex((call) => /write\(1</.test(call) && call.includes("ips"));
  const flushed = calls.findLastIndex((call, at) => at < printed && isStoreFlush(call, world));
  expect(printed).toBeGreaterThan(-1);
  expect(flushed).toBeGreaterThan(-1);
  const between = calls
    .slice(flushed + 1, printed)
    .filter((call) => call.includes("write(") && inStore(call, world));
  expect(between).toEqual([]);
});

ours("power", "DEL flushes the store before it ends", async (world) => {
  await world.add(world.network(SUBNET));
  const calls = await traced(world, "DEL");
  const lastWrite = calls.findLastIndex((call) => isStoreWrite(call, world));
  const lastFlush = calls.findLastIndex((call) => isStoreFlush(call, world));
  expect(lastWrite).toBeGreaterThan(-1);
  expect(lastFlush).toBeGreaterThan(lastWrite);
});

async function traced(world: World, verb: "ADD" | "DEL"): Promise<string[]> {
  const file = world.place.folder.file("trace");
  const finished = await world.run(verb, world.network(SUBNET), {}, { prefix: recordWrites(file) });
  expect(finished.exitCode).toBe(0);
  return readFileSync(file, "utf8").split("\n");
}

/** The store's own files lie directly in dataDir; the folders below hold hints that may be lost. */
function inStore(call: string, world: World): boolean {
  const folder = world.place.folder.file("data");
  return call.includes(`${folder}/`) && !/\/data\/[^>/]*\//.test(call);
}

function isStoreWrite(call: string, world: World): boolean {
  return /write(v|64)?\(/.test(call) && inStore(call, world);
}

function isStoreFlush(call: string, world: World): boolean {
  return /f(data)?sync\(/.test(call) && inStore(call, world);
}
