import { existsSync } from "node:fs";
import type { StoreSettings } from "../../config/network-configuration.ts";
import { configuredStore } from "./kinds.ts";

/** False for a store in a file of this node that does not exist yet: opening the store would create it. */
export function isBegun(settings: StoreSettings): boolean {
  const { file } = configuredStore(settings);
  return file === undefined || existsSync(file);
}
