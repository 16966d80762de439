import { UsageError } from "../../command-line/failure.ts";
import { printErr, printOut } from "../../command-line/print.ts";
import { CONFIGURATIONS, MAIN_PLUGINS, NOTES } from "./configurations.ts";

/**
 * `--outputconf NAME` or `--outputconf=NAME`: prints a configuration as JSON. Returns the exit code 0.
 *
 * @throws UsageError naming the known plugins.
 */
export function printConfiguration([flag = "", ...rest]: readonly string[]): 0 {
  const [, inFlag] = /^--outputconf=(.*)$/.exec(flag) ?? [];
  const [name, ...excess] = inFlag === undefined ? rest : [inFlag, ...rest];
  if (excess.length > 0) throw new UsageError(`--outputconf takes one name, got also '${excess[0]}'`, WAYS);
  const configuration = name === undefined ? undefined : CONFIGURATIONS.get(name);
  if (configuration === undefined) {
    throw new UsageError(
      name === undefined
        ? "--outputconf needs the name of a main plugin"
        : `there is no configuration for '${name}'`,
      WAYS,
    );
  }
  const note = NOTES.get(name ?? "");
  if (note !== undefined && process.stdout.isTTY) printErr(`note: ${note}`);
  return printOut(`${JSON.stringify(configuration, null, 2)}\n`);
}

const WAYS = `give one of ${MAIN_PLUGINS.join(", ")}`;
