import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Store } from "../../src/ipam/store-port.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { atOnce, failureOf, holderOf, take, within } from "../kit/etcd-records.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";
import { type ProxyServer, startProxy } from "../kit/proxy.ts";

/** RESOLVED begins with the store never guessing. */
describe("a write whose answer does not come", () => {
  let cluster: EtcdCluster;
  let door: ProxyServer;
  let store: Store;
  let taken = 0;

  beforeAll(async () => {
    cluster = await startEtcd({ version: "3.6", tls: true });
    door = await startProxy(cluster.members[0]?.port ?? 0);
  });

  beforeEach(async () => {
    taken += 1;
    door.mode = "pass";
    await door.down();
    await door.up();
    store = await openEtcdStore(
      etcdSettings(cluster, { endpoints: [`https://127.0.0.1:${door.port}`], requestTimeoutMs: 700 }),
    );
    await store.read({}, within(3000));
  });

  afterAll(async () => {
    await door[Symbol.asyncDispose]();
    await cluster[Symbol.asyncDispose]();
  });

  test("because answers are lost, is unknown, and stands when it is read back", async () => {
    door.mode = "lose-answers";
    const failure = await failureOf(store.commit(take(taken, "lost"), within(3000)));
    expect(failure).toMatchObject({
      kind: "unknown-outcome",
      remedy: "kube-ipam reads it back before it does anything else",
    });
    expect(failure.message.replace(/\d+ ms$/, "… ms")).toBe(
      `it is unknown whether the write happened: etcd at https://127.0.0.1:${door.port} does not answer: nothing came within … ms`,
    );
    door.mode = "pass";
    expect(await holderOf(store, taken)).toBe("lost");
    await store.close();
  });

  test("because the connection is cut after the request, is unknown", async () => {
    door.mode = "lose-answers";
    door.onRequest(() => setTimeout(() => door.cut(), 50));
    const failure = await failureOf(store.commit(take(taken, "cut"), atOnce()));
    expect(failure.kind).toBe("unknown-outcome");
    door.mode = "pass";
    expect(await holderOf(store, taken)).toBe("cut");
    await store.close();
  });

  test("because the request was lost too, is just as unknown, and absent when it is read back", async () => {
    door.mode = "silent";
    expect((await failureOf(store.commit(take(taken, "silent"), within(3000)))).kind).toBe("unknown-outcome");
    door.cut();
    door.mode = "pass";
    expect(await holderOf(store, taken)).toBeUndefined();
    await store.close();
  });

  test("because nothing could be sent, is known not to have happened", async () => {
    await door.down();
    await Bun.sleep(20);
    expect((await failureOf(store.commit(take(taken, "down"), within(3000)))).kind).toBe("unavailable");
    await store.close();
  });

  test("because the connection broke before, is sent over a new one", async () => {
    door.cut();
    await Bun.sleep(20);
    expect(await store.commit(take(taken, "again"), within(3000))).toMatchObject({ won: true });
    expect(await holderOf(store, taken)).toBe("again");
    await store.close();
  });

  test("is never sent twice: of many cut commits none loses to itself", async () => {
    for (let round = 0; round < 40; round += 1) {
      taken += 1;
      if (round % 2 === 0) door.onRequest(() => setTimeout(() => door.cut(), Math.random() * 3));
      const outcome = await store.commit(take(taken, `r${round}`), within(3000)).catch(({ kind }) => kind);
      if (outcome === "unknown-outcome" || outcome === "unavailable") {
        const holder = await holderOf(store, taken);
        if (outcome === "unavailable") expect(holder).toBeUndefined();
        else expect(["absent", `r${round}`]).toContain(holder ?? "absent");
      } else {
        expect(outcome).toMatchObject({ won: true });
        expect(await holderOf(store, taken)).toBe(`r${round}`);
      }
    }
    await store.close();
  });
});
