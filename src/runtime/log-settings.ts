import { CAPS } from "../address/caps.ts";
import { DEFAULTS } from "../config/settings/setting-defaults.ts";
import { isObject, member } from "../config/text/json-text.ts";
import { type KeyedPlace, NETWORK, NODE_FILE } from "../config/text/places.ts";
import { readDocument } from "../config/text/read-document.ts";
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
    if (file !== undefined) return settingsIn(read(file.text, NODE_FILE));
    const settings = settingsIn(ipamOf(configuration));
    return settings.logFile === DEFAULTS.logFile ? settings : { ...settings, byNetwork: ["logFile"] };
  } catch {
    return settingsIn({});
  }
}

function ipamOf(configuration: string): Readonly<Record<string, unknown>> {
  const ipam = member(read(configuration, NETWORK), "ipam");
  return isObject(ipam) ? ipam : {};
}

/** Another verb's error tells of keys that are there twice. */
function read(text: string, place: KeyedPlace) {
  return readDocument(text, { subject: "", place, refuse: () => undefined });
}

function settingsIn(section: Readonly<Record<string, unknown>>): LogSettings {
  const { logFile, logLevel } = section;
  return {
    logFile: isPath(logFile) ? logFile : DEFAULTS.logFile,
    logLevel: isLogLevel(logLevel) ? logLevel : (DEFAULTS.logLevel satisfies LogLevel),
  };
}

function isPath(value: unknown): value is string {
  return typeof value === "string" && value.startsWith("/") && value.length <= CAPS.path;
}
