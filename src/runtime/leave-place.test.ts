import { expect, test } from "bun:test";
import type { Cluster } from "../ipam/cluster-port.ts";
import type { Store } from "../ipam/store-port.ts";
import type { Place } from "../node/place.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { leavePlace } from "./leave-place.ts";
import { COLD } from "./open-ports.ts";

const LATER = Number.MAX_SAFE_INTEGER;

/** A place that tells what is done with it. */
class ToldPlace implements Place {
  readonly told: string[] = [];
  has = true;

  leave(): void {
    if (this.has) this.told.push("leave");
    this.has = false;
  }

  async takeAgain(): Promise<void> {
    if (!this.has) this.told.push("take");
    this.has = true;
  }
}

test("a call that is answered at once keeps the place", async () => {
  const place = new ToldPlace();
  const store = await storeIn(place);
  await store.read({}, { deadline: LATER });
  await store.count({ kind: "allocation" }, { deadline: LATER });
  expect(place.told).toEqual([]);
});

test("a call that waits leaves it, and has it again before its answer counts or its failure", async () => {
  for (const outcome of ["answers", "fails"]) {
    const place = new ToldPlace();
    const left = Promise.withResolvers<void>();
    const cluster = clusterIn(place, async () => {
      await left.promise;
      if (outcome === "fails") throw new Error("no");
      return undefined;
    });
    const asked = cluster.pod({ namespace: "default", name: "p" }, LATER).catch(() => undefined);
    while (place.has) await Bun.sleep(1);
    left.resolve();
    await asked;
    expect(place.told).toEqual(["leave", "take"]);
  }
});

test("of two calls at once the one that waits leaves it again after the other one has ended", async () => {
  const place = new ToldPlace();
  const slow = Promise.withResolvers<void>();
  const quick = Promise.withResolvers<void>();
  const cluster = clusterIn(place, async ({ name }) => {
    await (name === "slow" ? slow : quick).promise;
    return undefined;
  });
  const ask = (name: string) => cluster.pod({ namespace: "default", name }, LATER);
  const both = [ask("slow"), ask("quick")] as const;
  while (place.has) await Bun.sleep(1);
  quick.resolve();
  await both[1];
  expect(place.told).toEqual(["leave", "take"]);
  while (place.has) await Bun.sleep(1);
  slow.resolve();
  await both[0];
  expect(place.told).toEqual(["leave", "take", "leave", "take"]);
});

test("whoever watches leaves it at once, and has it again with the next call", async () => {
  const place = new ToldPlace();
  const store = await storeIn(place);
  const { signal } = new AbortController();
  store.watch({ kind: "allocation" }, 0, { signal });
  expect(place.told).toEqual(["leave"]);
  await store.read({}, { deadline: LATER });
  expect(place.told).toEqual(["leave", "take"]);
});

test("a listing has it for each entry that it gives", async () => {
  const place = new ToldPlace();
  const entries = async function* () {
    place.leave();
    yield 1;
    place.leave();
    yield 2;
  };
  const store = await storeIn(place, { list: entries as unknown as Store["list"] });
  for await (const _entry of store.list({ kind: "meta" }, { deadline: LATER })) expect(place.has).toBe(true);
  expect(place.told).toEqual(["leave", "take", "leave", "take"]);
});

function storeIn(place: Place, parts: Partial<Store> = {}): Promise<Store> {
  const openers = { ...COLD, openStore: async () => ({ ...createMemoryStore(), ...parts }) };
  return leavePlace(openers, place).openStore({ kind: "embedded", dataDir: "/nowhere" });
}

function clusterIn(place: Place, pod: Cluster["pod"]): Cluster {
  const openers = { ...COLD, openCluster: () => ({ ...COLD.openCluster(undefined), pod }) };
  return leavePlace(openers, place).openCluster(undefined);
}
