import { DEFAULTS } from "../config/settings/setting-defaults.ts";
import { member, parseJsonObject } from "../config/text/json-text.ts";
import type { LogLevel } from "../ipam/ports.ts";
import { isLogLevel, type LogSettings } from "../log/plugin-log.ts";

/**
 * Where to log a request that cannot be parsed: as the node's file says, which locks these keys; without a
 * node's file, as the network's own configuration says, if that can be read. Never throws.
 */
export function fallbackLogSettings(
  nodeFile: () => { readonly text: string } | undefined,
  configuration: string,
): LogSettings {
  try {
    const file = nodeFile();
    return settingsIn(file === undefined ? ipamOf(configuration) : parseJsonObject(file.text, ""));
  } catch {
    return settingsIn({});
  }
}

function ipamOf(configuration: string): Readonly<Record<string, unknown>> {
  const ipam = member(parseJsonObject(configuration, ""), "ipam");
  return typeof ipam === "object" && ipam !== null ? { ...ipam } : {};
}

function settingsIn(section: Readonly<Record<string, unknown>>): LogSettings {
  const { logFile, logLevel } = section;
  return {
    logFile: typeof logFile === "string" && logFile.startsWith("/") ? logFile : DEFAULTS.logFile,
    logLevel: isLogLevel(logLevel) ? logLevel : (DEFAULTS.logLevel satisfies LogLevel),
  };
}
