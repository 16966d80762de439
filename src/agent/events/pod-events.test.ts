import { expect, test } from "bun:test";
import type { PodId } from "../../ipam/records.ts";
import { PodEvents } from "./pod-events.ts";

const POD = { namespace: "default", name: "db-0", uid: "u1" };
const HELD = { reason: "AddressHeld", message: "address 10.1.2.3 is held by pod default/db-1" };
const MINUTE = 60_000;
/** Whole milliseconds after now: a minute later than a fraction may be a little less than a minute. */
const soon = () => Math.ceil(performance.now());

function listener() {
  const heard: string[] = [];
  const event = async ({ name }: PodId, reason: string) => void heard.push(`${name} ${reason}`);
  return { heard, cluster: { event } };
}

test("the same Event is sent once in five minutes, other things at once", () => {
  const events = new PodEvents();
  const { heard, cluster } = listener();
  const begin = soon();
  for (const minute of [0, 1, 4]) events.send(cluster, POD, HELD, begin + minute * MINUTE);
  events.send(cluster, { ...POD, name: "db-1" }, HELD, begin + 4 * MINUTE);
  events.send(cluster, POD, { ...HELD, reason: "AddressHandedOver" }, begin + 4 * MINUTE);
  events.send(cluster, POD, HELD, begin + 5 * MINUTE);
  expect(heard).toEqual([
    "db-0 AddressHeld",
    "db-1 AddressHeld",
    "db-0 AddressHandedOver",
    "db-0 AddressHeld",
  ]);
});

test("a node with many failing pods does not flood the API server", () => {
  const events = new PodEvents();
  const { heard, cluster } = listener();
  const begin = soon();
  for (let n = 0; n < 500; n += 1) events.send(cluster, { ...POD, name: `p${n}` }, HELD, begin);
  expect(heard.length).toBe(20);
  for (let n = 0; n < 500; n += 1) events.send(cluster, { ...POD, name: `q${n}` }, HELD, begin + MINUTE);
  expect(heard.length).toBe(30);
});

test("an Event that cannot be made disturbs nobody", async () => {
  const events = new PodEvents();
  events.send({ event: () => Promise.reject(new Error("403")) }, POD, HELD);
  events.send({}, { ...POD, name: "other" }, HELD);
  await Bun.sleep(0);
});
