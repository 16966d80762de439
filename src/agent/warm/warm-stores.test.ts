import { expect, test } from "bun:test";
import type { EtcdSettings } from "../../config/network-configuration.ts";
import type { MetaRecord } from "../../ipam/records.ts";
import { refTo } from "../../ipam/ref-to.ts";
import { options, putAll } from "../../store/contract/fixtures.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { WarmStores } from "./warm-stores.ts";

const SETTINGS = { kind: "etcd", endpoints: ["http://127.0.0.1:1"] } as unknown as EtcdSettings;

test("K191: an epoch that the watch tells reaches what the next ADD foresees, which need not lose to learn of it", async () => {
  const memory = createMemoryStore({ connects: true });
  const record: MetaRecord = { version: 1, uuid: "u", state: "ready" };
  const revision = await putAll(memory, { ref: refTo.meta, record });
  const stores = new WarmStores(async () => memory);
  const { foresight } = await stores.lend(SETTINGS);
  const identity = await stores.identityOf(SETTINGS);
  while (identity?.present === undefined || !identity.stands) await Bun.sleep(1);
  const { connection } = await memory.read({}, options());
  const network = { record: { version: 1, definitions: [] }, revision } as never;
  const known = { meta: { record, revision }, network, reserved: [], ...(connection && { connection }) };
  foresight?.learn("net1", known);
  const raised = await putAll(memory, { ref: refTo.meta, record: { ...record, epoch: 1 } });
  while (identity.present?.revision !== raised) await Bun.sleep(1);
  expect(foresight?.recall("net1")?.meta).toEqual({ record: { ...record, epoch: 1 }, revision: raised });
  await stores.closeIdle(true);
  expect((await stores.identityOf(SETTINGS))?.stands).toBeUndefined();
});
