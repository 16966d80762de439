import { describeStore } from "../contract.ts";
import { createMemoryStore } from "./memory-store.ts";

describeStore("memory", async () => {
  const store = createMemoryStore();
  return { store, close: () => store.close() };
});
