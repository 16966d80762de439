import type { Kubernetes } from "./kubernetes.ts";

const GROUP = "store.kube-ipam.io";

/** Installs the custom resources of the store on Kubernetes' own API, and waits until they are served. */
export async function installStoreResources(kubernetes: Kubernetes): Promise<void> {
  await kubernetes.apply(
    definition("addressrecords", "AddressRecord", ["kaddr"]),
    definition("storerecords", "StoreRecord", []),
  );
  await kubernetes.kubectl(
    "wait",
    "--for=condition=Established",
    ...["addressrecords", "storerecords"].map((plural) => `crd/${plural}.${GROUP}`),
  );
}

function definition(plural: string, kind: string, shortNames: string[]): object {
  const text = { type: "string" };
  const spec = {
    type: "object",
    "x-kubernetes-map-type": "atomic",
    properties: {
      address: text,
      state: text,
      reservedFor: text,
      reservedBy: text,
      holders: {
        type: "array",
        "x-kubernetes-list-type": "atomic",
        items: { type: "object", properties: { node: text, pod: text, attachment: text } },
      },
      ref: text,
      records: text,
      written: text,
      verdict: text,
      prepared: { type: "object", properties: { transaction: text, records: text } },
    },
  };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: "Cluster",
      names: { plural, singular: kind.toLowerCase(), kind, shortNames },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", properties: { spec } } },
        },
      ],
    },
  };
}
