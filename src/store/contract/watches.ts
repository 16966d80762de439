import { expect, test } from "bun:test";
import { formatAddress, parseAddress } from "../../address/address.ts";
import type { RecordKind } from "../../ipam/records.ts";
import type { ListScope, Store } from "../../ipam/store-port.ts";
import {
  allocation,
  attached,
  attachment,
  cooling,
  deleteAll,
  expired,
  options,
  putAll,
  putAllocation,
  putAttachment,
  putCooling,
  readOne,
  type StoreUnderTest,
  told,
} from "./fixtures.ts";

/** Watches, and records that expire. */
export function watches(under: () => StoreUnderTest): void {
  test("a watch tells changes and deletions since a revision, in order, and ends when told to", async () => {
    const { store, other = store } = under();
    const since = await putAll(store, putAllocation("10.1.2.2"));
    await putAll(store, putAllocation("10.1.2.3"));
    const watching = firstChanges(other, { kind: "allocation", space: "default" }, since, 3);
    await putAll(store, putAttachment("c1"));
    await deleteAll(store, allocation("10.1.2.2"));
    await putAll(store, putAllocation("10.1.2.4"));
    expect(await watching).toEqual(["+10.1.2.3", "-10.1.2.2", "+10.1.2.4"]);
  }, 20_000);

  test("what was read and what a watch from its revision tells: nothing is missed between", async () => {
    const { store, other = store } = under();
    const { revision } = await store.read({ refs: [] }, options());
    const texts = Array.from({ length: 30 }, (_, index) => `10.1.2.${index + 1}`);
    const watching = firstChanges(store, { kind: "allocation" }, revision, texts.length);
    for (const text of texts) await putAll(other, putAllocation(text));
    expect(await watching).toEqual(texts.map((text) => `+${text}`));
  }, 20_000);

  test("the changes of several kinds come in one stream, in the order of their commits, and no others", async () => {
    const { store, other = store } = under();
    const since = await putAll(store, putAllocation("10.1.2.2"));
    const ending = new AbortController();
    const told: string[] = [];
    const kinds = ["allocation", "cooling"] as const;
    const watching = (async () => {
      for await (const { ref, present } of other.changes(kinds, since, { signal: ending.signal })) {
        told.push(`${present ? "+" : "-"}${ref.kind} ${ref.space} ${formatAddress(ref.address)}`);
        if (told.length === 4) ending.abort();
      }
    })();
    await putAll(store, putAttachment("c1"));
    await putAll(store, putCooling("10.1.2.9", 3_600));
    await putAll(store, putAllocation("10.9.9.9", "c1", "z"));
    await deleteAll(store, allocation("10.1.2.2"));
    await putAll(store, putAllocation("10.1.2.4"));
    await watching;
    expect(told).toEqual([
      "+cooling default 10.1.2.9",
      "+allocation z 10.9.9.9",
      "-allocation default 10.1.2.2",
      "+allocation default 10.1.2.4",
    ]);
  }, 20_000);

  test("an address that is given back and cools down, or stays reserved, is told as given back", async () => {
    const { store, other = store } = under();
    const texts = ["10.1.2.2", "10.1.2.3"];
    const since = await putAll(store, ...texts.map((text) => putAllocation(text)));
    const ofOne = { kind: "allocation", space: "default", address: parseAddress("10.1.2.2") } as const;
    const watching = firstChanges(other, ofOne, since, 1);
    const ending = new AbortController();
    const gone: string[] = [];
    const following = (async () => {
      const kinds = ["allocation", "cooling", "reservation"] as const;
      for await (const change of other.changes(kinds, since, { signal: ending.signal }))
        if (change.ref.kind === "allocation" && gone.push(`${change.present}${told(change.ref)}`) === 2)
          ending.abort();
    })();
    for (const text of texts)
      await store.commit(
        { guards: [], puts: [putCooling(text, 3_600)], deletes: [allocation(text)] },
        options(),
      );
    expect(await watching).toEqual(["-10.1.2.2"]);
    await following;
    expect(gone).toEqual(texts.map((text) => `false${text}`));
  }, 20_000);

  test("who has listed all attachments is told of each that ends, also where its address cools down, and after his watch began anew", async () => {
    const { store, other = store } = under();
    const held = ["10.1.2.2", "10.1.2.3"].map((text, n) => {
      const ref = attachment(`c${n}`);
      return { ref, text, puts: [{ ref, record: attached(`c${n}`, text) }, putAllocation(text, `c${n}`)] };
    });
    let since = await putAll(store, ...held.flatMap(({ puts }) => puts));
    for await (const _ of other.list({ kind: "attachment" }, options()));
    for (const { ref, text } of held) {
      const watching = firstChanges(other, { kind: "attachment" }, since, 1);
      const deletes = [ref, allocation(text)];
      const outcome = await store.commit({ guards: [], puts: [putCooling(text, 3_600)], deletes }, options());
      expect(await watching).toEqual([`-${told(ref)}`]);
      if (outcome.won) since = outcome.revision;
    }
  }, 20_000);

  test("all changes of one commit are told, at one revision", async () => {
    const { store } = under();
    const since = await putAll(store, putAllocation("10.1.2.1"));
    const watching = firstChanges(store, { kind: "allocation" }, since, 3);
    await store.commit(
      {
        guards: [],
        puts: [putAllocation("10.1.2.2"), putAllocation("10.1.2.3")],
        deletes: [allocation("10.1.2.1")],
      },
      options(),
    );
    expect((await watching).sort()).toEqual(["+10.1.2.2", "+10.1.2.3", "-10.1.2.1"]);
  }, 20_000);

  test.each<[string, ListScope, string]>([
    ["one address", { kind: "allocation", space: "default", address: parseAddress("10.1.2.3") }, "+10.1.2.3"],
    ["another space", { kind: "allocation", space: "z" }, "+10.9.9.9"],
    ["one node", { kind: "attachment", node: "node12" }, "+c12"],
    ["one network", { kind: "attachment", node: "node1", network: "net12" }, "+c112"],
  ])(
    "a watch for %s hears of no other",
    async (_, scope, expected) => {
      const { store } = under();
      const since = await putAll(store, putAllocation("10.1.2.2"));
      const watching = firstChanges(store, scope, since, 1);
      await putAll(store, putAllocation("10.1.2.30"), putAttachment("c1", "node1", "net1"));
      await putAll(
        store,
        putAllocation("10.1.2.3"),
        putAllocation("10.9.9.9", "c", "z"),
        putAttachment("c12", "node12", "net1"),
        putAttachment("c112", "node1", "net12"),
      );
      expect(await watching).toEqual([expected]);
    },
    20_000,
  );

  test("a cooling record vanishes by itself, guards as absent then, and watches hear of it", async () => {
    const { store } = under();
    const ref = cooling("10.1.2.3");
    const since = await putAll(store, putAllocation("10.1.2.2"));
    const watching = firstChanges(store, { kind: "cooling" }, since, 2);
    await putAll(store, putCooling("10.1.2.3", 1));
    expect(await readOne(store, ref)).toBeDefined();
    await expired(store, ref);
    const span = { space: "default", first: ref.address, last: ref.address };
    const { counts } = await store.read({ counts: [span] }, options());
    expect(counts).toEqual([{ allocated: 0, reserved: 0, cooling: 0 }]);
    const guards = [{ ref, revision: 0 }];
    expect((await store.commit({ guards, puts: [], deletes: [] }, options())).won).toBe(true);
    expect(await watching).toEqual(["+10.1.2.3", "-10.1.2.3"]);
  }, 40_000);

  test("a cooling record written again lives as long as it was told last", async () => {
    const { store } = under();
    await putAll(store, putCooling("10.1.2.3", 1), putCooling("10.1.2.4", 1));
    await putAll(store, putCooling("10.1.2.3", 600));
    await expired(store, cooling("10.1.2.4"));
    expect(await readOne(store, cooling("10.1.2.3"))).toBeDefined();
  }, 40_000);

  test("a watch for keys only tells what is there and what is gone, without records", async () => {
    const { store } = under();
    const since = await putAll(store, putAllocation("10.1.2.2"));
    await putAll(store, putAllocation("10.1.2.3"));
    await deleteAll(store, allocation("10.1.2.2"));
    const abort = new AbortController();
    const watching = { signal: abort.signal, keysOnly: true };
    const seen: [string, boolean, unknown][] = [];
    for await (const { ref, present, record } of store.watch({ kind: "allocation" }, since, watching)) {
      if (seen.push([told(ref), present, record]) === 2) abort.abort();
    }
    expect(seen).toEqual([
      ["10.1.2.3", true, undefined],
      ["10.1.2.2", false, undefined],
    ]);
  }, 20_000);

  test("a watch says that it stands, before it tells anything", async () => {
    const { store } = under();
    const since = await putAll(store, putAllocation("10.1.2.2"));
    await putAll(store, putAllocation("10.1.2.3"));
    const abort = new AbortController();
    const said: (boolean | string)[] = [];
    const watching = { signal: abort.signal, stands: (stands: boolean) => void said.push(stands) };
    for await (const { ref } of store.watch({ kind: "allocation" }, since, watching)) {
      said.push(told(ref));
      abort.abort();
    }
    expect(said.slice(0, 2)).toEqual([true, "10.1.2.3"]);
  }, 20_000);

  test("a watch that is told to end ends, also while nothing happens", async () => {
    const { store } = under();
    const since = await putAll(store, putAllocation("10.1.2.2"));
    const abort = new AbortController();
    const watching = (async () => {
      for await (const { ref } of store.watch({ kind: "meta" }, since, { signal: abort.signal })) return ref;
    })();
    setTimeout(() => abort.abort(), 100);
    expect(await watching).toBeUndefined();
  });
}

/** The first changes that a watch tells: + for written, - for gone. */
async function firstChanges<K extends RecordKind>(
  store: Store,
  scope: ListScope<K>,
  since: number,
  count: number,
): Promise<string[]> {
  const abort = new AbortController();
  const seen: string[] = [];
  let last = since;
  for await (const { ref, present, record, revision } of store.watch(scope, since, {
    signal: abort.signal,
  })) {
    if (present !== (record !== undefined)) throw new Error("a record is there, or it is not");
    if (revision < last) throw new Error(`revision ${revision} was told after ${last}`);
    last = revision;
    seen.push(`${present ? "+" : "-"}${told(ref)}`);
    if (seen.length >= count) abort.abort();
  }
  return seen;
}
