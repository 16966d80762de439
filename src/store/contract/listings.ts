import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import type { ListScope, Put } from "../../ipam/store-port.ts";
import {
  deleteAll,
  options,
  putAll,
  putAllocation,
  putAttachment,
  putCooling,
  putReservation,
  recoveryOf,
  type StoreUnderTest,
  told,
} from "./fixtures.ts";

/** Listing all records of a kind. */
export function listings(under: () => StoreUnderTest): void {
  async function listed(scope: ListScope): Promise<string[]> {
    const found: string[] = [];
    for await (const { ref } of under().store.list(scope, options())) found.push(told(ref));
    return found;
  }

  test("addresses are listed in the order of their numbers, across spaces when none is named", async () => {
    await putAll(
      under().store,
      ...["10.0.0.10", "fd00::10", "9.0.0.1", "10.0.0.9", "fd00::9"].map((text) => putAllocation(text)),
      putAllocation("1.1.1.1", "c", "z"),
      putReservation("10.0.0.77"),
    );
    const inDefault = ["9.0.0.1", "10.0.0.9", "10.0.0.10", "fd00::9", "fd00::10"];
    expect(await listed({ kind: "allocation", space: "default" })).toEqual(inDefault);
    expect(await listed({ kind: "allocation" })).toEqual([...inDefault, "1.1.1.1"]);
    expect(await listed({ kind: "reservation" })).toEqual(["10.0.0.77"]);
    expect(await listed({ kind: "cooling" })).toEqual([]);
  });

  test("one address, if that is all that is asked for", async () => {
    await putAll(under().store, ...["10.0.0.1", "10.0.0.10"].map((text) => putAllocation(text)));
    const scope = { kind: "allocation", space: "default" } as const;
    expect(await listed({ ...scope, address: parseAddress("10.0.0.1") })).toEqual(["10.0.0.1"]);
    expect(await listed({ ...scope, address: parseAddress("10.0.0.2") })).toEqual([]);
  });

  test("K207: a part of a space's addresses: from one on, and up to another of its family", async () => {
    const texts = ["9.0.0.1", "10.0.0.9", "10.0.0.10", "200.0.0.1", "2001:db8::9", "201.0.0.1", "fd00::9"];
    await putAll(
      under().store,
      ...texts.map((text) => putAllocation(text)),
      putAllocation("10.0.0.9", "c", "z"),
    );
    const part = (from: string, to?: string) =>
      listed({
        kind: "allocation",
        space: "default",
        from: parseAddress(from),
        ...(to !== undefined && { to: parseAddress(to) }),
      });
    expect(await part("10.0.0.0", "10.0.0.9")).toEqual(["10.0.0.9"]);
    expect(await part("10.0.0.9", "201.0.0.1")).toEqual(["10.0.0.9", "10.0.0.10", "200.0.0.1", "201.0.0.1"]);
    expect(await part("::", "fd00::9")).toEqual(["2001:db8::9", "fd00::9"]);
    expect(await part("10.0.0.10")).toEqual(texts.slice(2));
    expect(await part("fd00::a")).toEqual([]);
  });

  test("a listing without a family goes by the sortable text, so that two listings can be merged", async () => {
    const texts = ["200.0.0.1", "2001:db8::9", "201.0.0.1"];
    await putAll(under().store, ...texts.toReversed().map((text) => putAllocation(text)));
    expect(await listed({ kind: "allocation", space: "default" })).toEqual(texts);
  });

  test("K213: records are counted without being read, and address spaces are told", async () => {
    const { store, damage } = under();
    expect([await store.spaces(options()), await store.count({ kind: "allocation" }, options())]).toEqual([
      [],
      0,
    ]);
    await putAll(
      store,
      ...["10.0.0.1", "10.0.0.2", "fd00::1"].map((text) => putAllocation(text)),
      putAllocation("10.0.0.1", "c", "z/y"),
      putReservation("10.0.0.1"),
      putAttachment("a", "node1", "net1"),
      putAttachment("b", "node1", "net12"),
      putAttachment("c", "node12", "net1"),
    );
    await damage({ kind: "allocation", space: "default", address: parseAddress("10.0.0.2") });
    const count = (scope: ListScope) => store.count(scope, options());
    expect(await store.spaces(options())).toEqual(["default", "z/y"]);
    expect(await count({ kind: "allocation" })).toBe(4);
    expect(await count({ kind: "allocation", space: "z/y" })).toBe(1);
    expect(await count({ kind: "reservation" })).toBe(1);
    expect(await count({ kind: "attachment" })).toBe(3);
    expect(await count({ kind: "attachment", node: "node1" })).toBe(2);
    expect(await count({ kind: "attachment", node: "node1", network: "net12" })).toBe(1);
    expect(await count({ kind: "network" })).toBe(0);
  });

  test("attachments are listed by node and network, and names that begin alike do not mix", async () => {
    await putAll(
      under().store,
      putAttachment("a", "node1", "net1"),
      putAttachment("b", "node1", "net12"),
      putAttachment("c", "node12", "net1"),
      putAttachment("d", "node1/net1", "x"),
    );
    expect(await listed({ kind: "attachment", node: "node1", network: "net1" })).toEqual(["a"]);
    expect(await listed({ kind: "attachment", node: "node1" })).toEqual(["a", "b"]);
    expect((await listed({ kind: "attachment" })).sort()).toEqual(["a", "b", "c", "d"]);
  });

  test("what one node said in a recovery is listed alone", async () => {
    const ofNode = (node: string): Put => ({ ref: { kind: "recovery", node }, record: recoveryOf(node) });
    await putAll(under().store, ofNode("n1"), ofNode("n10"), putAttachment("a", "n1"));
    expect(await listed({ kind: "recovery", node: "n1" })).toEqual(["n1"]);
    expect(await listed({ kind: "recovery" })).toEqual(["n1", "n10"]);
  });

  test("each kind is listed with its records, and no other", async () => {
    const puts: Put[] = [
      { ref: { kind: "meta" }, record: { version: 1, uuid: "u", state: "ready" } },
      { ref: { kind: "network", name: "n" }, record: { version: 1, space: "default", subnets: [] } },
      { ref: { kind: "reservedRanges", space: "default" }, record: { version: 1, ranges: [] } },
      {
        ref: { kind: "owner", space: "default", owner: { kind: "Pod", namespace: "a", name: "b" } },
        record: { version: 1, owner: { kind: "Pod", namespace: "a", name: "b" }, addresses: [] },
      },
      putAllocation("10.0.0.1"),
      { ref: { kind: "recovery", node: "n" }, record: recoveryOf("n") },
    ];
    const { atom, store } = under();
    const revision = await putAll(store, ...puts);
    for (const { ref, record } of puts) {
      const found: unknown[] = [];
      for await (const entry of under().store.list({ kind: ref.kind }, options())) found.push(entry);
      // Each object of Kubernetes has a revision of its own.
      expect(found).toEqual([{ ref, record, revision: atom === "address" ? expect.any(Number) : revision }]);
    }
  });

  test("each record is listed at the revision that guards compare; together with those of other kinds where the store offers it", async () => {
    const { store } = under();
    await putAll(store, putAllocation("10.0.0.1"), putReservation("10.0.0.1"), putAttachment("a", "node1"));
    await putAll(store, putAllocation("10.0.0.2"), putCooling("10.0.0.3", 60));
    // Another record of that address is written again.
    await putAll(store, putReservation("10.0.0.1"));
    const kinds = ["allocation", "attachment", "reservation"] as const;
    const { list, listTogether } = store;
    async function* oneByOne() {
      for (const kind of kinds) yield* list({ kind }, options());
    }
    for (const entries of [oneByOne(), listTogether?.(kinds, options()) ?? oneByOne()]) {
      const found: string[] = [];
      for await (const { ref, revision } of entries) {
        const guards = [{ ref, revision }];
        const { won } = await store.commit({ guards, puts: [], deletes: [] }, options());
        found.push(`${ref.kind} ${told(ref)} ${won}`);
      }
      expect(found.sort()).toEqual([
        "allocation 10.0.0.1 true",
        "allocation 10.0.0.2 true",
        "attachment a true",
        "reservation 10.0.0.1 true",
      ]);
    }
  });

  test("a long listing is whole and sees each record once, while others write", async () => {
    const { store, other = store } = under();
    const texts = Array.from({ length: 1200 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
    for (let start = 0; start < texts.length; start += 100) {
      await putAll(store, ...texts.slice(start, start + 100).map((text) => putAllocation(text)));
    }
    const found: string[] = [];
    for await (const { ref } of store.list({ kind: "allocation", space: "default" }, options())) {
      found.push(told(ref));
      if (found.length === 100) {
        await putAll(other, putAllocation("10.1.3.0", "changed"));
        await deleteAll(other, putAllocation("10.1.4.1").ref);
      }
    }
    const stays = (text: string) => text !== "10.1.4.1";
    expect(found.filter(stays)).toEqual(texts.filter(stays));
  }, 60_000);
}
