import type { EmbeddedSettings } from "../../config/network-configuration.ts";
import type { ConfiguredStore } from "../configured-store.ts";
import { describeEmbedded } from "./describe.ts";
import { storeFile } from "./store-file.ts";

export function configuredEmbedded(settings: EmbeddedSettings): ConfiguredStore {
  return {
    description: describeEmbedded(settings),
    title: `embedded store ${settings.dataDir}`,
    file: storeFile(settings.dataDir),
    open: async () => {
      const { openEmbeddedStore } = await import("./open.ts");
      return openEmbeddedStore(settings);
    },
    members: undefined,
    tryWriting: undefined,
    readLegacyNetworks: undefined,
    withAccess: undefined,
  };
}
