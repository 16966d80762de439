import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { cooling, options, putAll, putAllocation, putCooling, readOne } from "../contract/fixtures.ts";
import type { BootClock } from "./boot-clock.ts";
import { bootClock } from "./boot-clock.ts";
import { useScratch } from "./testing/scratch.ts";

const scratch = useScratch();

interface TestClock extends BootClock {
  boot: string;
  now: number;
}

function clockAt(now: number): TestClock {
  return {
    boot: "boot-1",
    now,
    seconds() {
      return this.now;
    },
  };
}

test("NO-CLOCKS: what expires does so by the seconds since this boot, and with a reboot", async () => {
  const clock = clockAt(5000);
  const store = await scratch.open(scratch.folder(), { clock });
  await putAll(store, putCooling("10.1.2.3", 60));
  clock.now = 5059;
  expect(await readOne(store, cooling("10.1.2.3"))).toBeDefined();
  clock.now = 5061;
  expect(await readOne(store, cooling("10.1.2.3"))).toBeUndefined();
  await putAll(store, putCooling("10.1.2.3", 60));
  // After a reboot the seconds begin anew and would seem to lie before the end.
  clock.boot = "boot-2";
  clock.now = 30;
  expect(await readOne(store, cooling("10.1.2.3"))).toBeUndefined();
  const span = { space: "default", first: cooling("10.1.2.0").address, last: cooling("10.1.2.9").address };
  const { windows, counts } = await store.read(
    { windows: [{ ...span, limit: 9 }], counts: [span] },
    options(),
  );
  expect([windows[0]?.cooling, counts[0]?.cooling]).toEqual([[], 0]);
  const listed: unknown[] = [];
  for await (const entry of store.list({ kind: "cooling" }, options())) listed.push(entry);
  expect(listed).toEqual([]);
});

test("what has expired leaves its table in small portions as others write", async () => {
  const dataDir = scratch.folder();
  const clock = clockAt(5000);
  const store = await scratch.open(dataDir, { clock });
  const texts = Array.from({ length: 300 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
  await putAll(store, ...texts.map((text) => putCooling(text, 60)));
  clock.now = 6000;
  const rows = () => {
    const database = new Database(`${dataDir}/kube-ipam.db`);
    const row = database
      .query<{ n: number }, []>("select count(*) as n from records where boot is not null")
      .get();
    database.close();
    return row?.n;
  };
  expect(rows()).toBe(300);
  for (let round = 0; round < 64; round++) await putAll(store, putAllocation("10.9.9.9"));
  expect(rows()).toBe(44);
  for (let round = 0; round < 64; round++) await putAll(store, putAllocation("10.9.9.9"));
  expect(rows()).toBe(0);
});

test("the kernel's clock goes on, and knows its boot", async () => {
  const { boot, seconds } = bootClock();
  expect(boot).toMatch(/^[0-9a-f-]{36}$/);
  const before = seconds();
  await Bun.sleep(50);
  expect(seconds() - before).toBeGreaterThan(0.02);
  expect(seconds() - before).toBeLessThan(5);
});
