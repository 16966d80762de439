import type { EmbeddedSettings } from "../../config/network-configuration.ts";
import type { StoreDescription } from "../../ipam/store-port.ts";

/** The description of an embedded store, open or not. */
export function describeEmbedded({ dataDir }: EmbeddedSettings): StoreDescription {
  return { kind: "embedded", location: dataDir, prefix: "", shared: false, foresees: false };
}
