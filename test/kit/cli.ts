import { writeFileSync } from "node:fs";
import { type Finished, run } from "./run.ts";
import type { Configuration, World } from "./world.ts";

/** The command line of the executable under test, in an environment of its own. */
export function commandLine(world: World, args: readonly string[], stdin?: string): Promise<Finished> {
  const { executable, env } = world.place;
  return run([executable, ...args], { env, limit: 30_000, ...(stdin !== undefined && { stdin }) });
}

/** A command line that finds store and node by a network's configuration, whichever store that is. */
export function operatorOf(world: World, network: Configuration) {
  const file = world.place.folder.file("operator.json");
  writeFileSync(file, JSON.stringify(network));
  return (...args: string[]) => commandLine(world, [...args, "--config", file]);
}

/** What a command printed with `-o json`; throws with its words when it failed. */
export async function json<T>(finished: Promise<Finished>): Promise<T> {
  const { exitCode, stdout, stderr } = await finished;
  if (exitCode !== 0) throw new Error(`expected exit code 0, got ${exitCode}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
