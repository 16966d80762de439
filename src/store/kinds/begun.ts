import { existsSync } from "node:fs";
import type { StoreSettings } from "../../config/network-configuration.ts";
import { configuredStore } from "./kinds.ts";

/** False where the store is a file of this node that is not there yet: opening the store would make it. */
export function isBegun(settings: StoreSettings): boolean {
  const { file } = configuredStore(settings);
  return file === undefined || existsSync(file);
}
