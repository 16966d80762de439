import { expect, test } from "bun:test";
import { type Address, formatAddress, parseAddress } from "../../address/address.ts";
import { CAPS } from "../../address/caps.ts";
import { tryParseInterval } from "../../address/interval-text.ts";
import { createWorld } from "../../ipam/testing/world.ts";
import { addressesOnStore } from "../../operator/store-addresses.ts";
import { readRecords } from "./address-records.ts";
import { judgeReserved } from "./judge-reserved.ts";

const owner = { kind: "Pod", namespace: "team-b", name: "x" };
const options = { deadline: performance.now() + 60_000 };

/** Every third address of 10.1.2.0/24 is reserved, .200-.210 as a range; all in space "one". */
async function world() {
  const made = createWorld();
  const ports = made.ports(made.node("n1"));
  const defaults = { space: "one", coolingSeconds: 60, requireInit: false };
  const addresses = addressesOnStore(ports, defaults, options);
  const ranges = Array.from({ length: 60 }, (_, index) => `10.1.2.${3 * index}`);
  for (const text of [...ranges, "10.1.2.200-10.1.2.210"]) {
    const interval = tryParseInterval(text);
    if (interval !== undefined)
      await addresses.reserve(interval, { owner, retain: "keep", evenIfHeld: false });
  }
  let reads = 0;
  const store: typeof made.store = Object.assign(Object.create(made.store), {
    read: (...args: Parameters<typeof made.store.read>) => {
      reads += 1;
      return made.store.read(...args);
    },
  });
  return { ports: { ...ports, store }, reads: () => reads };
}

const all: readonly Address[] = Array.from({ length: 250 }, (_, index) => parseAddress(`10.1.2.${index}`));

test("K183: many addresses are read many at a time, each as if it were alone", async () => {
  const { ports, reads } = await world();
  const places = all.flatMap((address) => ["one", "two"].map((space) => ({ address, space })));
  const recordsOf = await readRecords(places, ports, options);
  expect(reads()).toBe(Math.ceil(places.length / 40));
  const reserved = places.filter((place) => recordsOf(place).reservation !== undefined);
  const isReserved = (last: number) => (last < 180 && last % 3 === 0) || (last >= 200 && last <= 210);
  expect(reserved.map(({ address, space }) => `${space} ${formatAddress(address)}`)).toEqual(
    all.flatMap((address, last) => (isReserved(last) ? [`one ${formatAddress(address)}`] : [])),
  );
});

test("K183: more refusals than anybody is told are not looked for", async () => {
  const { ports } = await world();
  const fixed = Array.from({ length: 60 }, (_, index) => ({
    address: parseAddress(`10.1.2.${3 * index}`),
    source: "kube-ipam.ip",
  }));
  const workload = {
    kind: "Pod",
    namespace: "team-a",
    name: "p",
    annotations: {},
    besideTemplate: [],
    owners: [],
  };
  const ownerOf = async () => ({ owner: { kind: "Pod", namespace: "team-a", name: "p" } });
  const context = { ports, options, known: [], space: "one", workload, ownerOf };
  expect(await judgeReserved({ fixed, sets: [] }, context)).toHaveLength(CAPS.findings + 1);
});
