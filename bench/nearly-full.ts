import { mkdirSync, writeFileSync } from "node:fs";
import type { World } from "../test/kit/world.ts";
import { fillEmbeddedStore } from "./fill-embedded.ts";

/** Share of 10.1.0.0/16 that is taken, evenly spread. */
const ONE_FREE_IN = 100;

/** Takes 99 % of 10.1.0.0/16 in the world's store, as if that many ADDs had happened. */
export async function nearlyFull(world: World): Promise<void> {
  const taken = everyAddress().filter((_, n) => n % ONE_FREE_IN !== ONE_FREE_IN - 1);
  if (world.subject.ours) await fillEmbeddedStore(world, taken);
  else fillHostLocal(world, taken);
}

/** Usable addresses of the /16 without its gateway. */
function everyAddress(): string[] {
  return Array.from({ length: 65_533 }, (_, n) => n + 2).map((n) => `10.1.${n >> 8}.${n & 255}`);
}

/** host-local's own form: one file per address, named by it. */
function fillHostLocal(world: World, taken: readonly string[]): void {
  const folder = world.place.folder.file("data", "net1");
  mkdirSync(folder, { recursive: true });
  for (const address of taken) writeFileSync(`${folder}/${address}`, `filler-${address}\r\neth0`);
}
