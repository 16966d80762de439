import type { EmbeddedSettings } from "../../config/network-configuration.ts";
import type { ConfiguredStore } from "../configured-store.ts";
import { describeEmbedded } from "./describe.ts";
import { storeFile } from "./store-file.ts";

export function configuredEmbedded(settings: EmbeddedSettings): ConfiguredStore {
  const file = storeFile(settings.dataDir);
  const open = async () => {
    const { openEmbeddedStore } = await import("./open.ts");
    return openEmbeddedStore(settings);
  };
  return {
    description: describeEmbedded(settings),
    title: `embedded store ${settings.dataDir}`,
    file,
    open,
    openWithoutBeginning: async () => {
      const { unbegunStore } = await import("./unbegun.ts");
      return unbegunStore(settings, open);
    },
    members: undefined,
    tryWriting: undefined,
    readLegacyNetworks: undefined,
    withAccess: undefined,
    ofCluster: undefined,
    prerequisites: undefined,
    unfinished: undefined,
  };
}
