import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { ours } from "../kit/case.ts";
import { recordThreads } from "../kit/trace.ts";

/** What the complete plugin does for each pod where no agent runs; milliseconds are measured in bench/cold.ts. */

ours("K214", "an ADD compiles no machine code, which it would not live to use", async (world) => {
  const file = world.place.folder.file("threads");
  await world.add(world.network({ subnet: "10.1.2.0/24" }), {}, { prefix: recordThreads(file) });
  const threads = [...readFileSync(file, "utf8").matchAll(/PR_SET_NAME, "([^"]+)"/g)].map(([, name]) => name);
  expect(threads).not.toBeEmpty();
  expect(threads).not.toContain("JITWorker");
});
