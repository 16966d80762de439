import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseAddress } from "../address/address.ts";
import { sortableText } from "../address/sortable.ts";
import type { AllocationRecord, AttachmentRecord, Holder } from "../ipam/records.ts";
import type { ListScope, Put, Query, Store } from "../ipam/store-port.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { type ItemQuery, matches } from "./item-query.ts";
import type { Item } from "./items.ts";
import { listItems } from "./list-items.ts";

const soon = () => ({ deadline: performance.now() + 10_000 });
const TEXTS = ["9.0.0.1", "10.0.0.2", "10.0.0.10", "200.0.0.1", "201.0.0.1", "2001:db8::1", "fd00::1"];

interface Holding {
  readonly space: string;
  readonly address: string;
  readonly node: string;
  readonly pod: string;
  readonly kind: "held" | "reserved" | "range";
}

const holdings = fc.uniqueArray(
  fc.record({
    space: fc.constantFrom("default", "wire"),
    address: fc.constantFrom(...TEXTS),
    node: fc.constantFrom("n1", "n2"),
    pod: fc.constantFrom("a", "b"),
    kind: fc.constantFrom("held" as const, "reserved" as const, "range" as const),
  }),
  { selector: ({ space, address, kind }) => `${space} ${address} ${kind}` },
);

const queries = fc.record(
  {
    space: fc.constantFrom("default", "wire", "other"),
    node: fc.constantFrom("n1", "n3"),
    network: fc.constantFrom("lan", "other"),
    pod: fc.constantFrom("team/a", "b"),
    namespace: fc.constantFrom("team", "other"),
    state: fc.constantFrom("allocated" as const, "reserved" as const),
    address: fc
      .constantFrom(["10.0.0.0", "10.0.0.9"], ["9.0.0.1", "200.0.0.1"], ["fd00::1", "fd00::1"])
      .map(([first = "", last = ""]) => ({ first: parseAddress(first), last: parseAddress(last) })),
  },
  { requiredKeys: [] },
);

test("K207, K229: a listing is all that matches, in the order of addresses, wherever it begins", async () => {
  await fc.assert(
    fc.asyncProperty(holdings, queries, async (all, query) => {
      const store = await storeOf(all);
      const whole = await Array.fromAsync(listItems(store, {}, soon()));
      const keys = whole.map(({ at, item }) => `${TEXTS.indexOf(item.address)} ${at.space} ${at.rank}`);
      expect(keys).toEqual(keys.toSorted());
      expect(whole).toHaveLength(all.length);
      const asked = whole.filter(({ item }) => matches(item, query));
      expect(await Array.fromAsync(listItems(store, query, soon()))).toEqual(asked);
      for (const [index, { at }] of asked.entries())
        expect(await Array.fromAsync(listItems(store, query, { ...soon(), after: at }))).toEqual(
          asked.slice(index + 1),
        );
    }),
    { numRuns: 150 },
  );
});

test("K207: what is asked for is read, and nothing else", async () => {
  const all = Array.from({ length: 400 }, (_, n): Holding => {
    return {
      space: "default",
      address: `10.1.${n >> 8}.${n & 255}`,
      node: `n${n % 40}`,
      pod: `p${n}`,
      kind: "held",
    };
  });
  const reserved = all.map((each): Holding => ({ ...each, kind: "reserved" }));
  const made = await storeOf([...all, ...reserved]);
  const read = counted(made);
  const list = async (query: ItemQuery) => {
    read.rows = 0;
    const items: Item[] = [];
    for await (const { item } of listItems(read.store, query, soon())) items.push(item);
    return [items.length, read.rows];
  };
  expect(await list({})).toEqual([800, 800]);
  expect(await list({ node: "n7" })).toEqual([10, 20]);
  expect(await list({ node: "n7", state: "reserved" })).toEqual([0, 0]);
  expect(await list({ state: "reserved" })).toEqual([400, 400]);
  expect(await list({ network: "lan" })).toEqual([400, 400]);
  const block = { first: parseAddress("10.1.0.0"), last: parseAddress("10.1.0.15") };
  expect(await list({ address: block })).toEqual([32, 32]);
  const after = { key: sortableText(parseAddress("10.1.0.13")), space: "default", rank: 1 } as const;
  read.rows = 0;
  expect(await Array.fromAsync(listItems(read.store, { address: block }, { ...soon(), after }))).toHaveLength(
    4,
  );
  expect(read.rows).toBe(6);
});

test("K231: what a hand wrote into an attachment hides nothing of what else its node holds", async () => {
  const holding = { space: "default", node: "n1", pod: "a", kind: "held" } as const;
  const store = await storeOf([{ ...holding, address: "10.0.0.2" }]);
  const [, put] = putsOf({ ...holding, address: "10.0.0.9" });
  if (put?.ref.kind !== "attachment") throw new Error("expected an attachment");
  const record = { ...put.record, addresses: ["10.0.0.0.9"] } as AttachmentRecord;
  await store.commit({ guards: [], puts: [{ ref: put.ref, record }], deletes: [] }, soon());
  const listed = await Array.fromAsync(listItems(store, { node: "n1" }, soon()));
  expect(listed.map(({ item }) => item.address)).toEqual(["10.0.0.2"]);
});

test("K207: while a person reads in a pager, the time for reading the store does not run out", async () => {
  const deadlines: number[] = [];
  const store = createMemoryStore();
  const watched: Store = {
    ...store,
    list: ((scope: ListScope, options: ReturnType<typeof soon>) => {
      deadlines.push(options.deadline);
      return store.list(scope, soon());
    }) as Store["list"],
    spaces: async () => ["a", "b"],
  };
  let waited = 0;
  const deadline = performance.now() + 1_000;
  const listing = listItems(watched, { state: "allocated" }, { deadline, waited: () => (waited += 500) });
  expect(await Array.fromAsync(listing)).toEqual([]);
  expect(deadlines).toHaveLength(4);
  expect(deadlines.every((each) => each >= deadline + 500)).toBe(true);
  expect(deadlines[1]).toBe((deadlines[0] ?? 0) + 500);
});

/** Rows that are listed, and references that are read. */
function counted(store: Store) {
  const read = {
    rows: 0,
    store: {
      ...store,
      read: (query: Query, options: ReturnType<typeof soon>) => {
        read.rows += query.refs?.length ?? 0;
        return store.read(query, options);
      },
      list: async function* (scope: ListScope, options: ReturnType<typeof soon>) {
        for await (const entry of store.list(scope, options)) {
          read.rows += 1;
          yield entry;
        }
      } as Store["list"],
    },
  };
  return read;
}

async function storeOf(all: readonly Holding[]): Promise<Store> {
  const store = createMemoryStore();
  const commit = (puts: Put[]) => store.commit({ guards: [], puts, deletes: [] }, soon());
  for (const each of all) if (each.kind !== "range") await commit(putsOf(each));
  for (const [space, ranges] of Map.groupBy(
    all.filter(({ kind }) => kind === "range"),
    (each) => each.space,
  )) {
    const sorted = ranges.toSorted((a, b) =>
      sortableText(parseAddress(a.address)) < sortableText(parseAddress(b.address)) ? 1 : -1,
    );
    const record = {
      version: 1,
      ranges: sorted.map((each) => ({
        first: each.address,
        last: each.address,
        reservation: reservation(each),
      })),
    };
    await commit([{ ref: { kind: "reservedRanges", space }, record }]);
  }
  return store;
}

function putsOf(each: Holding): Put[] {
  const { address: text, kind, node, pod, space } = each;
  const address = parseAddress(text);
  if (kind === "reserved")
    return [{ ref: { kind: "reservation", space, address }, record: reservation(each) }];
  const holder: Holder = {
    attachment: { network: "lan", container: `c ${space} ${text}`, ifname: "eth0" },
    pod: { namespace: "team", name: pod },
    node,
    nodeVerified: false,
    bootId: "b",
    namespace: { path: "" },
    requestId: "r",
  };
  const record: AllocationRecord = { version: 1, holders: [holder], origin: "dynamic", since: "" };
  return [
    { ref: { kind: "allocation", space, address }, record },
    {
      ref: { kind: "attachment", node, id: holder.attachment },
      record: {
        version: 1,
        space,
        addresses: [text],
        prefixes: [8],
        gateways: [null],
        origin: "dynamic",
        holder,
      },
    },
  ];
}

function reservation({ pod }: Holding) {
  const owner = { kind: "Pod", namespace: "team", name: pod };
  return { version: 1, owner, kind: "operator", retain: "keep", since: "" } as const;
}
