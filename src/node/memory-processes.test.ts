import { expect, test } from "bun:test";
import { openStoreMemory } from "./store-memory.ts";
import { useScratch } from "./test-kit/scratch.ts";

const scratch = useScratch();
const STRESS = Bun.fileURLToPath(new URL("./test-kit/memory-stress.ts", import.meta.url));
const ROUNDS = 100;

test("many processes at once: every one gets positions of its own, and the highest revision stays", async () => {
  const folder = scratch();
  const processes = [1000, 5000, 9000, 3000].map((first) =>
    Bun.spawn([process.execPath, STRESS, folder, String(ROUNDS), String(first)], { stderr: "inherit" }),
  );
  const outputs = await Promise.all(processes.map((process) => new Response(process.stdout).text()));
  const positions = outputs.flatMap((output) => output.split(" "));
  // Whoever is starved for longer than a hint is worth goes on without one.
  expect(new Set(positions).size).toBeGreaterThan(0.95 * processes.length * ROUNDS);
  expect(openStoreMemory(`${folder}/stores`).recall("default")?.revision).toBe(9000 + ROUNDS - 1);
}, 30_000);
