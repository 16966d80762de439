import { describeStore } from "../contract/contract.ts";
import { describeKubernetes } from "./describe.ts";
import { addressObject, recordObject } from "./objects/names.ts";
import { storeOf } from "./open.ts";
import { MemoryServer, objectsIn } from "./testing/memory-server.ts";

describeStore("Kubernetes, in memory", async () => {
  const server = new MemoryServer();
  const description = describeKubernetes({ kind: "kubernetes" });
  const open = () => storeOf(objectsIn(server), description, "memory");
  const [store, other] = [open(), open()];
  return {
    store,
    other,
    atom: "address",
    damage: async (ref) =>
      server.edit("address" in ref ? addressObject(ref.space, ref.address) : recordObject(ref), {
        records: "{",
      }),
    close: async () => {
      await store.close();
      await other.close();
    },
  };
});
