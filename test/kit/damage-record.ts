import type { Ref } from "../../src/ipam/records.ts";
import { damageRecord as damageEmbedded } from "../../src/store/embedded/testing/damage.ts";
import { makeKeys } from "../../src/store/keys/keys.ts";
import { sharedEtcd } from "./subject-etcd.ts";
import type { World } from "./world.ts";

/** Makes a record one that cannot be read, in whichever store the subject has. */
export async function damageRecord({ place: { folder, ipam } }: World, ref: Ref): Promise<void> {
  const etcd = ipam.etcdConfig as { readonly prefix: string } | undefined;
  if (etcd === undefined) damageEmbedded(folder.file("data"), ref);
  else await (await sharedEtcd()).ctl("put", makeKeys(etcd.prefix).keyOf(ref), "{");
}
