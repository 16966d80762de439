import { afterAll, beforeAll, describe } from "bun:test";
import { describeStore } from "../../src/store/contract/contract.ts";
import { addressObject, recordObject } from "../../src/store/kubernetes/objects/names.ts";
import { openKubernetesStore } from "../../src/store/kubernetes/open.ts";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { installStoreResources } from "../kit/store-resources.ts";

describe.skipIf(withoutKubernetes() !== undefined)("Kubernetes' own API", () => {
  let kubernetes: Kubernetes;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await installStoreResources(kubernetes);
  }, 60_000);

  afterAll(() => kubernetes[Symbol.asyncDispose]());

  describeStore("Kubernetes", async () => {
    await kubernetes.request("DELETE", "/apis/store.kube-ipam.io/v1/addressrecords");
    await kubernetes.request("DELETE", "/apis/store.kube-ipam.io/v1/storerecords");
    const open = () => openKubernetesStore({ kind: "kubernetes", kubeConfig: kubernetes.adminConfig });
    const [store, other] = [open(), open()];
    return {
      store,
      other,
      atom: "address",
      damage: async (ref) => {
        const { name, resource } =
          "address" in ref ? addressObject(ref.space, ref.address) : recordObject(ref);
        await kubernetes.request(
          "PATCH",
          `/apis/store.kube-ipam.io/v1/${resource}/${name}`,
          { spec: { records: "{" } },
          "application/merge-patch+json",
        );
      },
      close: async () => {
        await store.close();
        await other.close();
      },
    };
  });
});
