import { readFileSync, statSync } from "node:fs";
import { type Call, invoke, type Verb } from "./cni.ts";
import type { Finished, RunOptions } from "./run.ts";
import { shimExecutable } from "./subject-agent.ts";
import type { Configuration, World } from "./world.ts";

/** The real shim before the real executable, where no agent is. */
export interface UnattendedShim {
  run(verb: Verb, configuration: Configuration, call?: Call, options?: RunOptions): Promise<Finished>;
  /** How many of these lock files are locked now. */
  taken(kind: "places" | "seats"): number;
  /** Path of a place's lock file. */
  place(number: number): string;
}

export function unattendedShim(world: World): UnattendedShim {
  const file = (name: string) => world.place.folder.file("turns", name);
  const env = {
    ...world.place.env,
    KUBE_IPAM_FULL: world.place.executable,
    KUBE_IPAM_AGENT_SOCKET: file("agent.sock"),
  };
  const place = (number: number) => file(`fallback-${number}.lock`);
  const seat = (number: number) => file(`fallback-seat-${number}.lock`);
  return {
    place,
    run: (verb, configuration, call = {}, options = {}) =>
      invoke(shimExecutable(), verb, { ...world.defaults(), ...call }, configuration, {
        ...options,
        env: { ...env, ...options.env },
      }),
    taken: (kind) => {
      const numbers = Array.from({ length: 10 }, (_, number) => number);
      return lockedOf(numbers.map(kind === "places" ? place : seat));
    },
  };
}

/** Asks the kernel, so that nobody who tries to lock one of them is disturbed. */
function lockedOf(paths: readonly string[]): number {
  const locks = readFileSync("/proc/locks", "utf8").split("\n");
  const inodes = locks
    .filter((line) => line.includes(" FLOCK "))
    .map((line) => /:(\d+) \d+ \w+$/.exec(line)?.[1]);
  return paths.filter((path) => {
    const inode = statSync(path, { throwIfNoEntry: false })?.ino;
    return inode !== undefined && inodes.includes(String(inode));
  }).length;
}
