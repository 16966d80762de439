import { describeStore } from "../contract/contract.ts";
import { createMemoryStore } from "./memory-store.ts";

describeStore("memory", async () => {
  const store = createMemoryStore();
  return { store, damage: async (ref) => store.damage(ref), close: () => store.close() };
});
