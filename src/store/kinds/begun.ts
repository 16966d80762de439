import { existsSync } from "node:fs";
import type { StoreSettings } from "../../config/network-configuration.ts";
import type { Store } from "../../ipam/store-port.ts";
import { configuredStore } from "./kinds.ts";

/** False for a store in a file of this node that does not exist yet: opening the store would create it. */
export function isBegun(settings: StoreSettings): boolean {
  const { file } = configuredStore(settings);
  return file === undefined || existsSync(file);
}

/**
 * Opens a store that is begun, by `open`; else one that is empty and takes nothing, for the verbs that must
 * not begin it: a DEL with the rest of a configuration would make a store that nobody wanted.
 *
 * @throws StoreFailure
 */
export function openIfBegun(
  settings: StoreSettings,
  open: (settings: StoreSettings) => Promise<Store>,
): Promise<Store> {
  const { openWithoutBeginning } = configuredStore(settings);
  return openWithoutBeginning === undefined || isBegun(settings) ? open(settings) : openWithoutBeginning();
}

/** Whether a place, as `locationOf` writes it, is that of a store in a file of this node that is there. */
export function isBegunAt(place: string): boolean {
  const [, dataDir] = /^embedded (.+) $/.exec(place) ?? [];
  return dataDir !== undefined && isBegun({ kind: "embedded", dataDir });
}
