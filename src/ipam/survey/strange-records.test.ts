import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import type { ClusterPorts } from "../ports.ts";
import { refKey } from "../ref-key.ts";
import { refTo } from "../ref-to.ts";
import type { Put } from "../store-port.ts";
import { calledBy } from "../testing/called-by.ts";
import { holder } from "../testing/hand-over.ts";
import { StoreFollower } from "./follow-store.ts";
import { takenIn } from "./taken.ts";

const address = parseAddress("10.1.2.5");
const sound = {
  version: 1,
  space: "default",
  addresses: ["10.1.2.5"],
  prefixes: [24],
  gateways: [null],
  holder: holder(),
};
const range = { first: "x", last: "y", reservation: { owner: { kind: "Note", namespace: "", name: "n" } } };

function attachmentPut(record: object, container = "strange"): Put {
  const ref = refTo.attachment("n1", { network: "net1", container, ifname: "eth0" });
  return { ref, record } as Put;
}

/** What every store hands on, because its members are there or its version is above ours. */
const STRANGE: readonly [string, Put][] = [
  ["an attachment with an address that is none", attachmentPut({ ...sound, addresses: ["bogus"] })],
  ["an attachment with a prefix that is none", attachmentPut({ ...sound, prefixes: ["x"] })],
  ["a newer attachment", attachmentPut({ version: 9 })],
  ["a newer allocation", { ref: refTo.allocation("default", address), record: { version: 9 } } as Put],
  ["a newer reservation", { ref: refTo.reservation("default", address), record: { version: 9 } } as Put],
  [
    "a newer owner",
    {
      ref: refTo.owner("default", { kind: "Pod", namespace: "a", name: "b" }),
      record: { version: 9 },
    } as Put,
  ],
  ["a newer network", { ref: { kind: "network", name: "net1" }, record: { version: 9 } } as Put],
  ["newer ranges", { ref: refTo.reservedRanges("default"), record: { version: 9 } } as Put],
  [
    "ranges without addresses",
    { ref: refTo.reservedRanges("default"), record: { version: 1, ranges: [range] } } as unknown as Put,
  ],
];

test.each(STRANGE)("K232: %s takes no more than its own place in the leader's index", async (_, strange) => {
  const store = createMemoryStore();
  const commit = (...puts: Put[]) =>
    store.commit({ guards: [], puts, deletes: [] }, { deadline: performance.now() + 5_000 });
  await commit(strange, attachmentPut(sound, "sound"));
  const said: string[] = [];
  const log = (_: string, message: string) => void said.push(message);
  const ports = { store, clusterNames: calledBy("c"), log } as unknown as ClusterPorts;
  const ending = new AbortController();
  const follower = new StoreFollower(ports, () => undefined, 1);
  const over = follower.run(ending.signal);
  for (let tries = 0; tries < 100 && follower.whole === undefined; tries++) await Bun.sleep(1);
  const index = follower.whole;
  expect([...(index?.damaged.keys() ?? [])]).toEqual([refKey(strange.ref)]);
  // The same of a watch.
  await commit(strange, { ref: refTo.cooling("default", address), record: { version: 1 }, seconds: 60 });
  for (let tries = 0; tries < 100 && index?.cooling.size === 0; tries++) await Bun.sleep(1);
  expect([follower.whole, index?.cooling.size, said]).toEqual([index, 1, []]);
  if (index === undefined) throw new Error("expected an index");
  expect([...index.boots.nodes()]).toEqual(["n1"]);
  expect([index.isOfNetwork(0x0a010205), [...takenIn(index).ranges("default")]]).toEqual([true, []]);
  await store.commit(
    { guards: [], puts: [], deletes: [strange.ref] },
    { deadline: performance.now() + 5_000 },
  );
  for (let tries = 0; tries < 100 && index.damaged.size > 0; tries++) await Bun.sleep(1);
  expect(index.damaged.size).toBe(0);
  ending.abort();
  await over;
});
