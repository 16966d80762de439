import { expect, test } from "bun:test";
import fs from "node:fs";
import { type Place, passedOnPlace } from "./place.ts";
import { useScratch } from "./test-kit/scratch.ts";

const scratch = useScratch();

/** Long enough for any machine; nothing waits as long. */
const SOON_MS = 20_000;

test("whoever waits leaves its place to another, and has one again before it goes on", async () => {
  const folder = scratch();
  const first = placeIn(folder, 0, 1);
  const second = placeIn(folder, 0, 1);
  second.leave();
  await first.takeAgain(later());
  first.leave();
  await second.takeAgain(later());
  let back = false;
  const again = first.takeAgain(later()).then(() => {
    back = true;
  });
  await Bun.sleep(30);
  expect([back, isFree(folder, 0)]).toEqual([false, false]);
  second.leave();
  await again;
  expect(isFree(folder, 0)).toBe(false);
  first.leave();
  expect(isFree(folder, 0)).toBe(true);
});

test("takes any of the places that its verb may take, and no other", async () => {
  const folder = scratch();
  const others = [placeIn(folder, 0, 1), placeIn(folder, 1, 2)];
  for (const other of others) {
    other.leave();
    await other.takeAgain(later());
  }
  const mine = placeIn(folder, 0, 2);
  mine.leave();
  await mine.takeAgain(performance.now());
  expect(isFree(folder, 2)).toBe(true);
  others[1]?.leave();
  await mine.takeAgain(later());
  expect([0, 1, 2].map((number) => isFree(folder, number))).toEqual([false, false, true]);
});

test.each(["", "x/3", "9999/3", "0/3", "3", "-1/3", "1/33"])("'%s' is no place", (text) => {
  expect(passedOnPlace(text)).toBeUndefined();
});

test.each(["other.lock", "fallback-seat-0.lock", "fallback-0.lock.x"])("%s is no place's file", (name) => {
  const fd = fs.openSync(`${scratch()}/${name}`, "w");
  expect(passedOnPlace(`${fd}/3`)).toBeUndefined();
  fs.closeSync(fd);
});

function later(): number {
  return performance.now() + SOON_MS;
}

/** A place as the shim passes it on. */
function placeIn(folder: string, number: number, usable: number): Place {
  const fd = fs.openSync(`${folder}/fallback-${number}.lock`, "w");
  const place = passedOnPlace(`${fd}/${usable}`);
  if (place === undefined) throw new Error("expected a place");
  return place;
}

function isFree(folder: string, number: number): boolean {
  return Bun.spawnSync(["flock", "--nonblock", `${folder}/fallback-${number}.lock`, "true"]).exitCode === 0;
}
