import { expect, test } from "bun:test";
import { options, putAll, putAllocation, putCooling } from "../../src/store/contract/fixtures.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { startEtcd } from "../kit/etcd.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";
import { eventually } from "../kit/wait.ts";

test("K215: more watches than etcd lets through at once keep no call waiting, and need no other connection", async () => {
  await using etcd = await startEtcd({ version: "3.4", flags: ["--max-concurrent-streams", "4"] });
  const store = await openEtcdStore(etcdSettings(etcd));
  const before = await store.read({}, options());
  const ending = new AbortController();
  let standing = 0;
  let heard = 0;
  const stands = () => {
    standing += 1;
  };
  const watches = Array.from({ length: 8 }, async () => {
    const { signal } = ending;
    for await (const _ of store.watch({ kind: "cooling" }, before.revision, { signal, stands })) break;
    heard += 1;
  });
  await eventually(async () => standing >= 2 || undefined);
  const texts = Array.from({ length: 20 }, (_, index) => `10.1.2.${index + 1}`);
  for (const text of texts) await putAll(store, putAllocation(text));
  expect(heard).toBe(0);
  // Each has its turn when one before it has heard what it watched for.
  await putAll(store, putCooling("10.1.2.9", 3_600));
  await Promise.all(watches);
  const after = await store.read({}, options());
  expect(after.connection).toBe(before.connection ?? 0);
  ending.abort();
  await store.close();
}, 60_000);
