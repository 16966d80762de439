import { dirname, join } from "node:path";
import { type AddResult, added, environment, silent, type Verb } from "./cni.ts";
import { type Finished, run } from "./run.ts";
import { DEBIAN_PLUGINS } from "./subject-host-local.ts";
import type { Configuration, World } from "./world.ts";

/** A pod's sandbox as a runtime sees it. */
export interface Sandbox {
  readonly container: string;
  /** Path of its network namespace; empty where it is gone. */
  readonly netns: string;
  readonly ifname?: string;
  readonly args?: string;
  /** Path of the network namespace that stands for the host; default: this one. */
  readonly host?: string;
}

/** Attaches a sandbox through a real main plugin from Debian, which delegates to the plugin under test. */
export async function attach(
  world: World,
  configuration: Configuration,
  sandbox: Sandbox,
): Promise<AddResult> {
  return added(await runMain(world, "ADD", configuration, sandbox));
}

/** Detaches it with the result of its ADD as prevResult, as containerd does. */
export async function detach(
  world: World,
  configuration: Configuration,
  sandbox: Sandbox,
  prevResult?: AddResult,
): Promise<void> {
  silent(await runMain(world, "DEL", { ...configuration, prevResult }, sandbox));
}

/** One verb of the main plugin named by the configuration's `type`. */
export async function runMain(
  world: World,
  verb: Verb,
  configuration: Configuration,
  sandbox: Sandbox,
): Promise<Finished> {
  const main = join(DEBIAN_PLUGINS, String(configuration.type));
  const command = sandbox.host === undefined ? [main] : ["nsenter", `--net=${sandbox.host}`, main];
  const call = {
    container: sandbox.container,
    netns: sandbox.netns,
    ifname: sandbox.ifname ?? "eth0",
    args: sandbox.args,
    path: `${dirname(world.place.executable)}:${DEBIAN_PLUGINS}`,
  };
  const env = { ...world.place.env, ...environment(verb, call) };
  await world.place.beforeCall?.(configuration, call);
  return run(command, { env, stdin: JSON.stringify(configuration) });
}
