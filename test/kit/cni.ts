import { type Finished, type RunOptions, run } from "./run.ts";

export type Verb = "ADD" | "DEL" | "CHECK" | "GC" | "STATUS" | "VERSION";

/** The parameters that the CNI specification passes in the environment. `undefined` leaves one out. */
export interface Call {
  readonly container?: string | undefined;
  readonly netns?: string | undefined;
  readonly ifname?: string | undefined;
  readonly args?: string | undefined;
  readonly path?: string | undefined;
}

/** An ADD result in the shape of 0.3.0 and later. */
export interface AddResult {
  readonly cniVersion: string;
  readonly ips: readonly { address: string; gateway?: string; version?: string; interface?: number }[];
  readonly routes?: readonly Record<string, unknown>[];
  readonly dns?: Record<string, unknown>;
  readonly interfaces?: readonly Record<string, unknown>[];
}

export interface ErrorResult {
  readonly cniVersion?: string;
  readonly code: number;
  readonly msg: string;
  readonly details?: string;
}

/** Runs one verb as a runtime does: parameters in the environment, the configuration on stdin. */
export function invoke(
  executable: string,
  verb: Verb | string,
  call: Call,
  configuration: unknown,
  options: RunOptions = {},
): Promise<Finished> {
  const stdin = typeof configuration === "string" ? configuration : JSON.stringify(configuration);
  return run([executable], { stdin, ...options, env: { ...environment(verb, call), ...options.env } });
}

/** CNI_* variables; CNI_ARGS is always exported, as libcni does. */
export function environment(verb: string, call: Call): Record<string, string> {
  const all: Record<string, string | undefined> = {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: call.container,
    CNI_NETNS: call.netns,
    CNI_IFNAME: call.ifname,
    CNI_PATH: call.path,
    CNI_ARGS: call.args ?? "",
  };
  return Object.fromEntries(
    Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

/** The result of a successful ADD; throws with everything the process said when it failed. */
export function added(finished: Finished): AddResult {
  if (finished.exitCode !== 0) throw new Error(`expected ADD to succeed, got ${describe(finished)}`);
  return JSON.parse(finished.stdout) as AddResult;
}

/** Addresses of a result without their prefix lengths, in its order. */
export function addressesOf(result: AddResult): string[] {
  return result.ips.map((ip) => ip.address.split("/")[0] ?? "");
}

/** The error a verb printed; throws when it succeeded or printed anything but one JSON object. */
export function refused(finished: Finished): ErrorResult {
  if (finished.exitCode === 0) throw new Error(`expected an error, got ${describe(finished)}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(finished.stdout);
  } catch {
    throw new Error(`expected one error object on stdout, got ${describe(finished)}`);
  }
  const error = parsed as ErrorResult;
  if (!Number.isInteger(error.code) || typeof error.msg !== "string") {
    throw new Error(`expected code and msg, got ${finished.stdout}`);
  }
  return error;
}

/** Throws unless the verb ended with exit code 0 and printed nothing on stdout. */
export function silent(finished: Finished): void {
  if (finished.exitCode !== 0 || finished.stdout !== "") {
    throw new Error(`expected exit code 0 and an empty stdout, got ${describe(finished)}`);
  }
}

/** One line with all that a process left behind, for messages. */
export function describe(finished: Finished): string {
  const end = finished.signal ?? `exit code ${finished.exitCode}`;
  return `${end} after ${Math.round(finished.milliseconds)} ms, stdout ${finished.stdout.trim() || "empty"}, stderr ${finished.stderr.trim() || "empty"}`;
}
