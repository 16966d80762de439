import { expect, test } from "bun:test";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { EtcdSettings, KubernetesStoreSettings } from "../../config/network-configuration.ts";
import type { MetaRecord } from "../../ipam/records.ts";
import { refTo } from "../../ipam/ref-to.ts";
import type { Store } from "../../ipam/store-port.ts";
import { useScratch } from "../../node/test-kit/scratch.ts";
import { options, putAll } from "../../store/contract/fixtures.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import { override } from "./override.ts";
import { WarmStores } from "./warm-stores.ts";

const scratch = useScratch();

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

/** Stores that count how often each was opened, how many are open, and whether one was used after it was closed. */
function counting(most: number) {
  const opened = new Map<string, number>();
  const open = new Set<Store>();
  const stores = new WarmStores(async (settings) => {
    const name = JSON.stringify(settings);
    const store: Store = override<Store>(createMemoryStore(), {
      close: async () => void open.delete(store),
    });
    opened.set(name, (opened.get(name) ?? 0) + 1);
    open.add(store);
    return store;
  }, most);
  const settings = (name: string) => ({ ...SETTINGS, endpoints: [name] }) as unknown as EtcdSettings;
  return { lend: (name: string) => stores.lend(settings(name)), open, openings: () => [...opened.values()] };
}

test("K236: of many stores no more stay open than the bound, and those go first that were lent longest ago", async () => {
  const { lend, open, openings } = counting(3);
  const use = async (name: string) => (await lend(name)).store.close();
  for (const name of ["a", "b", "c", "a", "d", "a", "e", "a"]) await use(name);
  expect(open.size).toBe(3);
  expect(openings()).toEqual([1, 1, 1, 1, 1]);
  await use("b");
  expect([open.size, openings()]).toEqual([3, [1, 2, 1, 1, 1]]);
});

test("K236: one store more than the bound, used in turns, is opened again each time and works each time", async () => {
  const { lend, open } = counting(4);
  for (let round = 0; round < 3; round++)
    for (const name of ["a", "b", "c", "d", "e"]) {
      const { store } = await lend(name);
      const outcome = await store.commit({ guards: [], puts: [], deletes: [] }, options());
      expect(outcome.won).toBe(true);
      await store.close();
      expect(open.size).toBeLessThanOrEqual(4);
    }
});

test("K236: as many stores as the bound, used in turns, are each opened once", async () => {
  const { lend, openings } = counting(4);
  for (let round = 0; round < 3; round++)
    for (const name of ["a", "b", "c", "d"]) await (await lend(name)).store.close();
  expect(openings()).toEqual([1, 1, 1, 1]);
});

test("K236: a store that a verb has is never closed under it, however many others come; it goes when it is given back", async () => {
  const { lend, open } = counting(2);
  const busy = await Promise.all(["a", "b", "c", "d"].map((name) => lend(name)));
  expect(open.size).toBe(4);
  for (const name of ["e", "f", "g"]) await (await lend(name)).store.close();
  await Bun.sleep(0);
  expect(open.size).toBe(4);
  for (const { store } of busy) await store.close();
  await Bun.sleep(0);
  expect(open.size).toBe(2);
});

test("K236: what is still being opened is not closed before the verb that waits for it has it", async () => {
  const opening = Promise.withResolvers<void>();
  let closed = 0;
  const stores = new WarmStores(async () => {
    await opening.promise;
    return override<Store>(createMemoryStore(), { close: async () => void closed++ });
  }, 0);
  const lending = stores.lend(SETTINGS);
  opening.resolve();
  const { store } = await lending;
  expect(closed).toBe(0);
  await store.close();
  await Bun.sleep(0);
  expect(closed).toBe(1);
});

test("a store that cannot be opened is no user's, and the next verb tries again", async () => {
  let tries = 0;
  const stores = new WarmStores(async () => {
    tries += 1;
    if (tries === 1) throw new Error("away");
    return createMemoryStore();
  }, 1);
  await expect(stores.lend(SETTINGS)).rejects.toThrow("away");
  await (await stores.lend(SETTINGS)).store.close();
  expect(tries).toBe(2);
});

test("a store whose file was replaced is lent no more, and closed when the verb that has it gives it back", async () => {
  const dataDir = scratch();
  const settings = { kind: "embedded", dataDir } as const;
  const closed: number[] = [];
  let opened = 0;
  const stores = new WarmStores(async () => {
    const number = opened++;
    writeFileSync(`${dataDir}/kube-ipam.db`, "");
    return override<Store>(createMemoryStore(), { close: async () => void closed.push(number) });
  });
  const { store } = await stores.lend(settings);
  renameSync(`${dataDir}/kube-ipam.db`, `${dataDir}/other`);
  const { store: replaced } = await stores.lend(settings);
  expect([opened, closed]).toEqual([2, []]);
  await store.close();
  await replaced.close();
  await Bun.sleep(0);
  expect(closed).toEqual([0]);
});

test("K371: a store whose kubeconfig was renewed is opened with what it says now, and who has it goes on", async () => {
  const kubeConfig = `${scratch()}/kubeconfig`;
  const settings: KubernetesStoreSettings = { kind: "kubernetes", kubeConfig };
  const seen: string[] = [];
  const stores = new WarmStores(async () => {
    seen.push(readFileSync(kubeConfig, "utf8"));
    return createMemoryStore();
  });
  const renew = (text: string) => {
    writeFileSync(`${kubeConfig}.new`, text);
    renameSync(`${kubeConfig}.new`, kubeConfig);
  };
  renew("old token");
  // It is renewed while a store is opened with what it said before: that one is lent to nobody else.
  const opening = stores.lend(settings);
  renew("new token");
  const first = await opening;
  const second = await stores.lend(settings);
  const third = await stores.lend(settings);
  expect(seen).toEqual(["old token", "new token"]);
  expect((await first.store.commit({ guards: [], puts: [], deletes: [] }, options())).won).toBe(true);
  for (const { store } of [first, second, third]) await store.close();
  await stores.closeIdle(true);
});
