import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Daemon, startDaemon } from "../daemon.ts";
import type { Folder } from "../folder.ts";
import { type Finished, type RunOptions, run } from "../run.ts";
import { eventually } from "../wait.ts";

/**
 * A machine as far as one kernel allows: network, mounts, processes and host name of its own. Its
 * process 1 is the machine: when that is killed the power is off, and nothing of it goes on.
 */
export interface Machine {
  readonly name: string;
  /** Process 1, as the test sees it. */
  readonly pid: number;
  /** A file of the machine, as the test sees it. */
  path(...names: string[]): string;
  /** The command line that runs this command on the machine. */
  command(...command: string[]): string[];
  /** Runs a program on the machine; throws with its stderr when it fails. */
  exec(...command: string[]): Promise<string>;
  tryExec(command: readonly string[], options?: RunOptions): Promise<Finished>;
  /** Starts a long-running program on the machine. */
  start(name: string, command: readonly string[], env?: Readonly<Record<string, string>>): Daemon;
  /** Ends every process of the machine at once. */
  powerOff(): Promise<void>;
}

const BOOT = join(import.meta.dir, "boot.sh");
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Starts a machine with the given disk; a disk that was used before holds what it held.
 *
 * @param init the program that is its process 1.
 */
export async function bootMachine(name: string, disk: Folder, init: string): Promise<Machine> {
  const namespaces = ["--net", "--mount", "--pid", "--uts", "--mount-proc", "--propagation=private"];
  const boot = ["unshare", ...namespaces, "--fork", "--kill-child", BOOT, name, disk.file("disk"), init];
  const daemon = startDaemon(`machine-${name}`, boot, disk, { PATH: SYSTEM_PATH });
  const pid = await eventually(async () => {
    if (!daemon.running()) throw new Error(`machine ${name} did not start: ${daemon.tail()}`);
    return started(daemon.pid, init);
  });
  return machineOf(name, pid, disk, daemon);
}

function machineOf(name: string, pid: number, disk: Folder, daemon: Daemon): Machine {
  const command = (...words: string[]) => [
    ...["nsenter", `--target=${pid}`, "--net", "--mount", "--pid", "--uts", "--"],
    ...words,
  ];
  const tryExec: Machine["tryExec"] = (words, options) => run(command(...words), options);
  return {
    name,
    pid,
    path: (...names) => join(`/proc/${pid}/root`, ...names),
    command,
    tryExec,
    exec: async (...words) => {
      const finished = await tryExec(words);
      if (finished.exitCode === 0) return finished.stdout;
      throw new Error(`${words.join(" ")} on ${name} ended with ${finished.exitCode}: ${finished.stderr}`);
    },
    start: (called, words, env = {}) => {
      const entered = startDaemon(called, command(...words), disk, { PATH: SYSTEM_PATH, ...env });
      return inside(entered);
    },
    powerOff: async () => {
      daemon.signal("SIGKILL");
      await daemon.stop();
    },
  };
}

/** Signals go to the program itself: nsenter, which waits for it outside, passes none on. */
function inside(entered: Daemon): Daemon {
  const signal = (name: NodeJS.Signals) => {
    const pid = childOf(entered.pid);
    if (pid !== undefined && entered.running()) process.kill(pid, name);
  };
  return {
    ...entered,
    get pid() {
      return childOf(entered.pid) ?? 0;
    },
    signal,
    stop: async (patience = 3_000) => {
      signal("SIGTERM");
      const end = performance.now() + patience;
      while (entered.running() && performance.now() < end) await Bun.sleep(20);
      signal("SIGKILL");
      await entered.stop();
    },
  };
}

/** Process 1, once the boot script has become it. */
function started(unshare: number, init: string): number | undefined {
  const pid = childOf(unshare);
  if (pid === undefined) return undefined;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0] === init ? pid : undefined;
  } catch {
    return undefined;
  }
}

function childOf(pid: number): number | undefined {
  try {
    const [first = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    return first === "" ? undefined : Number(first);
  } catch {
    return undefined;
  }
}
