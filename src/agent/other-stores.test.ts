import { expect, test } from "bun:test";
import type { MetaRecord } from "../ipam/records.ts";
import { refTo } from "../ipam/ref-to.ts";
import type { Store } from "../ipam/store-port.ts";
import type { Asking } from "../runtime/open-ports.ts";
import { putAll } from "../store/contract/fixtures.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { otherStores } from "./other-stores.ts";
import type { Lender } from "./warm/lend-ports.ts";

const configuration = (name: string) =>
  ({ node: {}, store: { kind: "embedded", dataDir: name } }) as unknown as Asking["configuration"];

async function storeOf(uuid: string): Promise<Store> {
  const store = createMemoryStore();
  const record: MetaRecord = { version: 1, uuid, state: "ready" };
  await putAll(store, { ref: refTo.meta, record });
  return store;
}

test("K236: the stores of what lives on the node count, also those that the agent has forgotten; each is read once", async () => {
  const asked: string[] = [];
  const lender = {
    known: () => [configuration("own"), configuration("known")],
    lendBetweenVerbs: async ({ configuration: { store } }: Asking) => {
      const name = "dataDir" in store ? store.dataDir : "";
      asked.push(name);
      return { store: await storeOf(`uuid-${name}`), close: async () => undefined };
    },
  } as unknown as Lender;
  const living = () => [configuration("known"), configuration("forgotten"), configuration("own")];
  const log = () => undefined;
  const found = await otherStores(lender, configuration("own"), log, performance.now() + 5_000, living);
  expect([...found]).toEqual(["uuid-known", "uuid-forgotten"]);
  expect(asked).toEqual(["known", "forgotten"]);
});
