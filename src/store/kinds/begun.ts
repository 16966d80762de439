import { existsSync } from "node:fs";
import type { StoreSettings } from "../../config/network-configuration.ts";
import { configuredStore } from "./kinds.ts";

/** False for a store in a file of this node that does not exist yet: opening the store would create it. */
export function isBegun(settings: StoreSettings): boolean {
  const { file } = configuredStore(settings);
  return file === undefined || existsSync(file);
}

/** Whether a place, as `locationOf` writes it, is that of a store in a file of this node that is there. */
export function isBegunAt(place: string): boolean {
  const [, dataDir] = /^embedded (.+) $/.exec(place) ?? [];
  return dataDir !== undefined && isBegun({ kind: "embedded", dataDir });
}
