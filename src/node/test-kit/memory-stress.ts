import fs from "node:fs";
import { openCursors } from "../cursors.ts";
import { openStoreMemory } from "../store-memory.ts";

/** Advances one cursor and raises one remembered revision many times; prints the positions it got. */
const [folder = "", rounds = "0", first = "0"] = process.argv.slice(2);
const cursors = openCursors(`${folder}/cursors`);
const memory = openStoreMemory(`${folder}/stores`);
const positions: (bigint | undefined)[] = [];

for (let round = 0; round < Number(rounds); round++) {
  positions.push(cursors.advance("p", (current) => (current ?? 0n) + 1n));
  const revision = Number(first) + round;
  memory.remember("default", { uuid: "s1", prefix: "", revision });
  const recalled = memory.recall("default")?.revision ?? 0;
  if (recalled < revision) throw new Error(`recalled ${recalled} after remembering ${revision}`);
}
fs.writeSync(1, positions.join(" "));
