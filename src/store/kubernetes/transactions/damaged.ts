import type { Ref } from "../../../ipam/records.ts";
import { StoreFailure } from "../../../ipam/store-port.ts";
import type { ObjectId } from "../objects/names.ts";
import { refText } from "../objects/ref-text.ts";

/** The failure for records that cannot be read. */
export function damaged(
  { name, resource }: ObjectId,
  problem = "its records cannot be read",
  ref?: Ref,
): StoreFailure {
  const object = resource === "addressrecords" ? "addressrecord" : "storerecord";
  const named = `${resource}.store.kube-ipam.io ${name}`;
  const what = ref === undefined ? object : `record ${refText(ref)} in the ${object}`;
  return new StoreFailure(
    "damaged",
    `the ${what} ${name} in Kubernetes is damaged: ${problem}`,
    `look at it with kubectl get ${named} -o yaml; repair it or, once nothing uses it any more, kubectl delete ${named}, with --as-group=kube-ipam:operators as docs/security.md says`,
  );
}
