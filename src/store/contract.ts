import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { formatAddress, parseAddress } from "../address/address.ts";
import type { AllocationRecord, AttachmentRecord, Holder, Ref } from "../ipam/records.ts";
import { type Put, type Store, StoreFailure } from "../ipam/store-port.ts";

/** A store that is empty when it is opened, and what else the suite needs of it. */
export interface StoreUnderTest {
  readonly store: Store;
  /** A second handle on the same records, as another process has it; absent where there is none. */
  readonly other?: Store;
  /** Closes the handles and removes what was made. */
  readonly close: () => Promise<void>;
}

/** The contract of the Store port: the same cases for every implementation. */
export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store contract: ${name}`, () => {
    let under: StoreUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.close());
    readsAndCommits(() => under);
    spans(() => under);
    listings(() => under);
    watches(() => under);
    limits(() => under);
  });
}

const options = () => ({ deadline: performance.now() + 10_000 });

const address = parseAddress;

function allocation(text: string, space = "default"): Extract<Ref, { kind: "allocation" }> {
  return { kind: "allocation", space, address: address(text) };
}

function attachment(
  container: string,
  node = "node1",
  network = "net1",
): Extract<Ref, { kind: "attachment" }> {
  return { kind: "attachment", node, id: { network, container, ifname: "eth0" } };
}

function holder(container: string): Holder {
  return {
    attachment: { network: "net1", container, ifname: "eth0" },
    node: "node1",
    nodeVerified: false,
    bootId: "boot",
    namespace: { path: "/run/netns/x" },
    requestId: `request of ${container}`,
  };
}

function allocated(container: string): AllocationRecord {
  return { version: 1, holders: [holder(container)], origin: "dynamic", since: "2026-01-01T00:00:00Z" };
}

function attached(container: string, ...addresses: string[]): AttachmentRecord {
  return {
    version: 1,
    space: "default",
    addresses,
    prefixes: addresses.map(() => 24),
    gateways: addresses.map(() => null),
    origin: "dynamic",
    holder: holder(container),
  };
}

function putAllocation(text: string, container = "c1", space = "default"): Put {
  return { ref: allocation(text, space), record: allocated(container) };
}

function putAll(store: Store, ...puts: Put[]) {
  return store.commit({ guards: [], puts, deletes: [] }, options());
}

function readsAndCommits(under: () => StoreUnderTest): void {
  test("what is not there is absent, and guards with revision 0 hold", async () => {
    const { store } = under();
    const ref = allocation("10.1.2.3");
    expect((await store.read({ refs: [ref] }, options())).get(ref)).toBeUndefined();
    const outcome = await store.commit(
      { guards: [{ ref, revision: 0 }], puts: [putAllocation("10.1.2.3")], deletes: [] },
      options(),
    );
    expect(outcome.won).toBe(true);
  });

  test("a record is read back as it was written, at the revision of its commit", async () => {
    const { store, other } = under();
    const outcome = await putAll(store, putAllocation("10.1.2.3", "c1"));
    const ref = allocation("10.1.2.3");
    const seen = (await (other ?? store).read({ refs: [ref] }, options())).get(ref);
    expect(seen?.record).toEqual(allocated("c1"));
    expect(outcome).toEqual({ won: true, revision: seen?.revision ?? 0 });
  });

  test("one guard that does not hold, and none of the writes happens", async () => {
    const { store } = under();
    await putAll(store, putAllocation("10.1.2.3"));
    const outcome = await store.commit(
      {
        guards: [
          { ref: allocation("10.1.2.4"), revision: 0 },
          { ref: allocation("10.1.2.3"), revision: 0 },
        ],
        puts: [putAllocation("10.1.2.4"), { ref: attachment("c1"), record: attached("c1", "10.1.2.4") }],
        deletes: [allocation("10.1.2.3")],
        otherwise: { refs: [allocation("10.1.2.3"), allocation("10.1.2.4"), attachment("c1")] },
      },
      options(),
    );
    expect(outcome.won).toBe(false);
    const snapshot = outcome.won ? undefined : outcome.snapshot;
    expect(snapshot?.get(allocation("10.1.2.3"))?.record).toEqual(allocated("c1"));
    expect(snapshot?.get(allocation("10.1.2.4"))).toBeUndefined();
    expect(snapshot?.get(attachment("c1"))).toBeUndefined();
  });

  test("a guard holds at the revision read, and no longer after a change", async () => {
    const { store } = under();
    const ref = allocation("10.1.2.3");
    await putAll(store, putAllocation("10.1.2.3", "c1"));
    const { revision } = (await store.read({ refs: [ref] }, options())).get(ref) ?? { revision: -1 };
    const replace = (container: string) =>
      store.commit(
        { guards: [{ ref, revision }], puts: [putAllocation("10.1.2.3", container)], deletes: [] },
        options(),
      );
    expect((await replace("c2")).won).toBe(true);
    expect((await replace("c3")).won).toBe(false);
    expect((await store.read({ refs: [ref] }, options())).get(ref)?.record).toEqual(allocated("c2"));
  });

  test("a record deleted and made again has another revision", async () => {
    const { store } = under();
    const ref = allocation("10.1.2.3");
    const first = await putAll(store, putAllocation("10.1.2.3"));
    await store.commit({ guards: [], puts: [], deletes: [ref] }, options());
    await putAll(store, putAllocation("10.1.2.3"));
    const seen = (await store.read({ refs: [ref] }, options())).get(ref);
    expect(first.won && seen && seen.revision > first.revision).toBe(true);
  });

  test("of many commits for one record at once exactly one wins", async () => {
    const { store, other } = under();
    const ref = allocation("10.1.2.3");
    const outcomes = await Promise.all(
      Array.from({ length: 24 }, (_, index) =>
        (index % 2 === 0 ? store : (other ?? store)).commit(
          { guards: [{ ref, revision: 0 }], puts: [putAllocation("10.1.2.3", `c${index}`)], deletes: [] },
          options(),
        ),
      ),
    );
    expect(outcomes.filter(({ won }) => won)).toHaveLength(1);
  });

  test("a record of a newer version, with fields we do not know, comes back whole", async () => {
    const { store } = under();
    const record = { ...allocated("c1"), version: 99, later: { deep: [1, "ä", null] } };
    await putAll(store, { ref: allocation("10.1.2.3"), record });
    const seen = (await store.read({ refs: [allocation("10.1.2.3")] }, options())).get(
      allocation("10.1.2.3"),
    );
    expect(seen?.record).toEqual(record);
  });

  test("names with odd characters name different records", async () => {
    const { store } = under();
    const names = ["a/b", "a", "b", "a%2Fb", "ä ö", "a.b", "..", "a\u0000b"];
    await putAll(
      store,
      ...names.map((name): Put => ({ ref: attachment(name, name, name), record: attached(name) })),
    );
    const refs = names.map((name) => attachment(name, name, name));
    const snapshot = await store.read({ refs }, options());
    expect(refs.map((ref) => snapshot.get(ref)?.record.holder.attachment.container)).toEqual(names);
  });

  test("a transaction of forty records is one step", async () => {
    const { store } = under();
    const texts = Array.from({ length: 20 }, (_, index) => `10.1.2.${index + 2}`);
    const puts = texts.flatMap((text): Put[] => [
      putAllocation(text),
      { ref: attachment(`c${text}`), record: attached(`c${text}`, text) },
    ]);
    const guards = puts.map(({ ref }) => ({ ref, revision: 0 }));
    expect((await store.commit({ guards, puts, deletes: [] }, options())).won).toBe(true);
    expect((await store.commit({ guards, puts, deletes: [] }, options())).won).toBe(false);
    const deletes = puts.map(({ ref }) => ref);
    expect((await store.commit({ guards: [], puts: [], deletes }, options())).won).toBe(true);
    const snapshot = await store.read({ refs: deletes }, options());
    expect(deletes.filter((ref) => snapshot.get(ref) !== undefined)).toEqual([]);
  });

  test("a cooling record vanishes by itself, and then guards as absent", async () => {
    const { store } = under();
    const ref = { kind: "cooling", space: "default", address: address("10.1.2.3") } as const;
    await putAll(store, { ref, record: { version: 1 }, seconds: 1 });
    expect((await store.read({ refs: [ref] }, options())).get(ref)).toBeDefined();
    const end = performance.now() + 20_000;
    while ((await store.read({ refs: [ref] }, options())).get(ref) !== undefined) {
      if (performance.now() > end) throw new Error("the record did not expire within 20 s");
      await Bun.sleep(100);
    }
    const guards = [{ ref, revision: 0 }];
    expect((await store.commit({ guards, puts: [], deletes: [] }, options())).won).toBe(true);
  }, 30_000);
}

function spans(under: () => StoreUnderTest): void {
  const span = (first: string, last: string) => ({
    space: "default",
    first: address(first),
    last: address(last),
  });

  test("a window tells each kind of taken address, and nothing from outside", async () => {
    const { store } = under();
    await putAll(
      store,
      putAllocation("10.1.2.1"),
      putAllocation("10.1.2.2"),
      putAllocation("10.1.2.9"),
      putAllocation("10.1.2.10"),
      putAllocation("10.1.2.5", "c1", "another"),
      {
        ref: { kind: "cooling", space: "default", address: address("10.1.2.4") },
        record: { version: 1 },
        seconds: 600,
      },
      {
        ref: { kind: "reservation", space: "default", address: address("10.1.2.3") },
        record: {
          version: 1,
          owner: { kind: "Pod", namespace: "a", name: "b" },
          kind: "automatic",
          retain: "workload",
          since: "",
        },
      },
    );
    const { windows } = await store.read(
      { windows: [{ ...span("10.1.2.2", "10.1.2.9"), limit: 100 }] },
      options(),
    );
    expect(
      windows.map((window) => ({
        allocated: window.allocated.map(formatAddress),
        reserved: window.reserved.map(formatAddress),
        cooling: window.cooling.map(formatAddress),
        knownThrough: formatAddress(window.knownThrough),
      })),
    ).toEqual([
      {
        allocated: ["10.1.2.2", "10.1.2.9"],
        reserved: ["10.1.2.3"],
        cooling: ["10.1.2.4"],
        knownThrough: "10.1.2.9",
      },
    ]);
  });

  test("a window cut short by its limit says how far it knows", async () => {
    const { store } = under();
    await putAll(
      store,
      ...["10.1.2.2", "10.1.2.4", "10.1.2.6", "10.1.2.8"].map((text) => putAllocation(text)),
    );
    const { windows } = await store.read(
      { windows: [{ ...span("10.1.2.1", "10.1.2.20"), limit: 2 }] },
      options(),
    );
    expect(windows[0]?.allocated.map(formatAddress)).toEqual(["10.1.2.2", "10.1.2.4"]);
    expect(formatAddress(windows[0]?.knownThrough ?? address("0.0.0.0"))).toBe("10.1.2.4");
  });

  test("spans count like numbers, in both families", async () => {
    const { store } = under();
    const texts = [
      "9.255.255.255",
      "10.0.0.0",
      "10.0.0.99",
      "10.0.0.100",
      "10.0.1.0",
      "fd00::9",
      "fd00::10",
      "fd00::a:0",
    ];
    await putAll(store, ...texts.map((text) => putAllocation(text)));
    const { counts } = await store.read(
      {
        counts: [span("10.0.0.0", "10.0.0.255"), span("fd00::", "fd00::ffff"), span("11.0.0.0", "11.0.0.1")],
      },
      options(),
    );
    expect(counts).toEqual([
      { allocated: 3, reserved: 0, cooling: 0 },
      { allocated: 2, reserved: 0, cooling: 0 },
      { allocated: 0, reserved: 0, cooling: 0 },
    ]);
  });
}

function listings(under: () => StoreUnderTest): void {
  async function listed(scope: Parameters<Store["list"]>[0]): Promise<string[]> {
    const found: string[] = [];
    for await (const { ref } of under().store.list(scope, options())) {
      found.push(
        ref.kind === "attachment"
          ? ref.id.container
          : "address" in ref
            ? formatAddress(ref.address)
            : ref.kind,
      );
    }
    return found;
  }

  test("addresses are listed in the order of their numbers, across spaces when none is named", async () => {
    await putAll(
      under().store,
      putAllocation("10.0.0.10"),
      putAllocation("9.0.0.1"),
      putAllocation("10.0.0.9"),
      putAllocation("1.1.1.1", "c", "z"),
    );
    expect(await listed({ kind: "allocation", space: "default" })).toEqual([
      "9.0.0.1",
      "10.0.0.9",
      "10.0.0.10",
    ]);
    expect(await listed({ kind: "allocation" })).toEqual(["9.0.0.1", "10.0.0.9", "10.0.0.10", "1.1.1.1"]);
  });

  test("attachments are listed by node and network, and names that begin alike do not mix", async () => {
    await putAll(
      under().store,
      ...[
        ["a", "node1", "net1"],
        ["b", "node1", "net12"],
        ["c", "node12", "net1"],
      ].map(
        ([container = "", node, network]): Put => ({
          ref: attachment(container, node, network),
          record: attached(container),
        }),
      ),
    );
    expect(await listed({ kind: "attachment", node: "node1", network: "net1" })).toEqual(["a"]);
    expect(await listed({ kind: "attachment", node: "node1" })).toEqual(["a", "b"]);
    expect((await listed({ kind: "attachment" })).sort()).toEqual(["a", "b", "c"]);
  });

  test("a long listing is whole, and each record is seen once", async () => {
    const { store } = under();
    const texts = Array.from({ length: 1200 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
    for (let start = 0; start < texts.length; start += 100) {
      await putAll(store, ...texts.slice(start, start + 100).map((text) => putAllocation(text)));
    }
    expect(await listed({ kind: "allocation", space: "default" })).toEqual(texts);
  }, 60_000);
}

function watches(under: () => StoreUnderTest): void {
  test("a watch tells changes and deletions since a revision, in order, and ends when told to", async () => {
    const { store } = under();
    const before = await putAll(store, putAllocation("10.1.2.2"));
    await putAll(store, putAllocation("10.1.2.3"));
    const abort = new AbortController();
    const seen: string[] = [];
    const since = before.won ? before.revision : 0;
    const watching = (async () => {
      for await (const { ref, record } of store.watch({ kind: "allocation", space: "default" }, since, {
        signal: abort.signal,
      })) {
        seen.push(`${record === undefined ? "-" : "+"}${formatAddress(ref.address)}`);
        if (seen.length === 3) abort.abort();
      }
    })();
    await putAll(store, { ref: attachment("c1"), record: attached("c1") });
    await store.commit({ guards: [], puts: [], deletes: [allocation("10.1.2.2")] }, options());
    await putAll(store, putAllocation("10.1.2.4"));
    await watching;
    expect(seen).toEqual(["+10.1.2.3", "-10.1.2.2", "+10.1.2.4"]);
  }, 20_000);

  test("a watch for one address hears of no other", async () => {
    const { store } = under();
    const before = await putAll(store, putAllocation("10.1.2.2"));
    const abort = new AbortController();
    const scope = { kind: "allocation", space: "default", address: address("10.1.2.3") } as const;
    const first = (async () => {
      for await (const { ref } of store.watch(scope, before.won ? before.revision : 0, {
        signal: abort.signal,
      })) {
        abort.abort();
        return formatAddress(ref.address);
      }
    })();
    await putAll(store, putAllocation("10.1.2.30"));
    await putAll(store, putAllocation("10.1.2.3"));
    expect(await first).toBe("10.1.2.3");
  }, 20_000);
}

function limits(under: () => StoreUnderTest): void {
  test("BOUNDED: past its deadline a call fails as 'unavailable'", async () => {
    const { store } = under();
    const failure = await store
      .read({ refs: [{ kind: "meta" }] }, { deadline: performance.now() - 1 })
      .catch((reason: unknown) => reason);
    // A store that answers at once may still answer; what it throws is a StoreFailure.
    if (failure instanceof Error) {
      expect(failure).toBeInstanceOf(StoreFailure);
      expect((failure as StoreFailure).kind).toBe("unavailable");
    }
  });
}
