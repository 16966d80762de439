import type { KubernetesStoreSettings } from "../../config/network-configuration.ts";
import type { ConfiguredStore } from "../configured-store.ts";
import { describeKubernetes } from "./describe.ts";

export function configuredKubernetes(settings: KubernetesStoreSettings): ConfiguredStore {
  const { kind, ...cluster } = settings;
  const description = describeKubernetes(settings);
  return {
    description,
    title: `Kubernetes by ${description.location}`,
    file: undefined,
    open: async () => {
      const { openKubernetesStore } = await import("./open.ts");
      return openKubernetesStore(settings);
    },
    openWithoutBeginning: undefined,
    members: undefined,
    tryWriting: async (_store, space, options) => {
      const { tryWriting } = await import("./try-writing.ts");
      return tryWriting(settings, space, options);
    },
    readLegacyNetworks: undefined,
    prerequisites: async (options) => {
      const { kubernetesPrerequisites } = await import("./prerequisites.ts");
      return kubernetesPrerequisites(settings, options);
    },
    unfinished: async (options) => {
      const { unfinishedIn } = await import("./unfinished.ts");
      return unfinishedIn(settings, options);
    },
    withAccess: undefined,
    ofCluster: { settings: cluster, by: (other) => ({ kind, ...other }) },
  };
}
