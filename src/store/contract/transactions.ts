import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import type { Put } from "../../ipam/store-port.ts";
import {
  allocated,
  allocation,
  attached,
  attachment,
  deleteAll,
  options,
  putAll,
  putAllocation,
  putAttachment,
  putReservation,
  readOne,
  type StoreUnderTest,
} from "./fixtures.ts";

/** Reading, and writing under guards. */
export function transactions(under: () => StoreUnderTest): void {
  test("what is not there is absent, and guards with revision 0 hold", async () => {
    const { store } = under();
    const ref = allocation("10.1.2.3");
    expect(await readOne(store, ref)).toBeUndefined();
    const guards = [{ ref, revision: 0 }];
    const outcome = await store.commit({ guards, puts: [putAllocation("10.1.2.3")], deletes: [] }, options());
    expect(outcome.won).toBe(true);
  });

  test("a record is read back as it was written, at the revision of its commit, by others too", async () => {
    const { store, other = store } = under();
    const revision = await putAll(store, putAllocation("10.1.2.3", "c1"));
    expect(await readOne(other, allocation("10.1.2.3"))).toEqual({ record: allocated("c1"), revision });
  });

  test("the store's revision grows with each commit and is told with each picture", async () => {
    const { store, other = store } = under();
    const first = await putAll(store, putAllocation("10.1.2.3"));
    const second = await putAll(other, putAllocation("10.1.2.4"));
    expect(first).toBeGreaterThan(0);
    expect(second).toBeGreaterThan(first);
    const { atLeast, revision } = await store.read({ refs: [allocation("10.1.2.4")] }, options());
    // Others write to Kubernetes, too, and a read of one object tells that one's revision alone.
    if (under().atom === "address") expect(revision).toBeGreaterThanOrEqual(second);
    else expect(revision).toBe(second);
    if (under().atom !== "address") expect(atLeast).toBeUndefined();
  });

  test("a revision that a picture does not vouch for is a lower bound, and one that has to be exact is none", async () => {
    const { store, other = store } = under();
    const first = await putAll(store, putAllocation("10.1.2.3"));
    const second = await putAll(other, putAllocation("10.1.2.4"));
    const query = { refs: [allocation("10.1.2.3")] };
    const [some, exact] = await Promise.all([
      store.read(query, options()),
      store.read({ ...query, exact: true }, options()),
    ]);
    expect(some.revision).toBeGreaterThanOrEqual(some.atLeast ? first : second);
    expect(exact).not.toHaveProperty("atLeast");
    expect(exact.revision).toBeGreaterThanOrEqual(second);
    const span = { first: parseAddress("10.1.2.1"), last: parseAddress("10.1.2.9") };
    const window = { space: "default", ...span, limit: 9 };
    const shown = await store.read({ windows: [window] }, options());
    expect(shown).not.toHaveProperty("atLeast");
    expect(shown.revision).toBeGreaterThanOrEqual(second);
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

  test("whoever loses is told all it asked for, windows and counts too; without a question, nothing", async () => {
    const { store } = under();
    await putAll(store, putAllocation("10.1.2.3"), putReservation("10.1.2.4"));
    const losing = { guards: [{ ref: allocation("10.1.2.3"), revision: 0 }], puts: [], deletes: [] };
    const span = {
      space: "default",
      first: allocation("10.1.2.1").address,
      last: allocation("10.1.2.9").address,
    };
    const otherwise = { windows: [{ ...span, limit: 9 }], counts: [span] };
    const outcome = await store.commit({ ...losing, otherwise }, options());
    const snapshot = outcome.won ? undefined : outcome.snapshot;
    expect(snapshot?.counts).toEqual([{ allocated: 1, reserved: 1, cooling: 0 }]);
    expect(snapshot?.windows).toEqual([
      {
        allocated: [allocation("10.1.2.3").address],
        reserved: [allocation("10.1.2.4").address],
        cooling: [],
        knownThrough: span.last,
      },
    ]);
    expect(await store.commit(losing, options())).toEqual({ won: false });
  });

  test("a guard holds at the revision read, and no longer after a change", async () => {
    const { store, other = store } = under();
    const ref = allocation("10.1.2.3");
    const revision = await putAll(store, putAllocation("10.1.2.3", "c1"));
    const guards = [{ ref, revision }];
    const replace = (container: string) =>
      other.commit({ guards, puts: [putAllocation("10.1.2.3", container)], deletes: [] }, options());
    expect((await replace("c2")).won).toBe(true);
    expect((await replace("c3")).won).toBe(false);
    expect((await store.commit({ guards, puts: [], deletes: [ref] }, options())).won).toBe(false);
    expect((await readOne(store, ref))?.record).toEqual(allocated("c2"));
  });

  test("a record that another commit leaves alone keeps its revision", async () => {
    const { store } = under();
    const revision = await putAll(store, putAllocation("10.1.2.3"));
    await putAll(store, putAllocation("10.1.2.4"));
    expect((await readOne(store, allocation("10.1.2.3")))?.revision).toBe(revision);
  });

  test("a record deleted and made again has another revision; deleting what is absent is no failure", async () => {
    const { store } = under();
    const ref = allocation("10.1.2.3");
    const first = await putAll(store, putAllocation("10.1.2.3"));
    expect((await deleteAll(store, ref)).won).toBe(true);
    expect((await deleteAll(store, ref)).won).toBe(true);
    await putAll(store, putAllocation("10.1.2.3"));
    expect((await readOne(store, ref))?.revision).toBeGreaterThan(first);
  });

  test("a record of a newer version, with fields we do not know, comes back whole", async () => {
    const { store } = under();
    const record = { ...allocated("c1"), version: 99, later: { deep: [1, "ä", null, "\u0000", "😀"] } };
    await putAll(store, { ref: allocation("10.1.2.3"), record });
    expect((await readOne(store, allocation("10.1.2.3")))?.record).toEqual(record);
  });

  test("M8: a transaction that puts one record twice is refused before anything is written", async () => {
    const { store } = under();
    const puts = [
      putAllocation("10.1.2.3", "c1"),
      putAllocation("10.1.2.4"),
      putAllocation("10.1.2.3", "c2"),
    ];
    await expect(store.commit({ guards: [], puts, deletes: [] }, options())).rejects.toThrow(
      "a transaction writes a record twice",
    );
    expect(await readOne(store, allocation("10.1.2.4"))).toBeUndefined();
  });

  test("a transaction of forty records is one step", async () => {
    const { store } = under();
    const texts = Array.from({ length: 20 }, (_, index) => `10.1.2.${index + 2}`);
    const puts = texts.flatMap((text): Put[] => [putAllocation(text), putAttachment(`c${text}`)]);
    const refs = puts.map(({ ref }) => ref);
    const guards = refs.map((ref) => ({ ref, revision: 0 }));
    expect((await store.commit({ guards, puts, deletes: [] }, options())).won).toBe(true);
    expect((await store.commit({ guards, puts, deletes: [] }, options())).won).toBe(false);
    expect((await deleteAll(store, ...refs)).won).toBe(true);
    const snapshot = await store.read({ refs }, options());
    expect(refs.filter((ref) => snapshot.get(ref) !== undefined)).toEqual([]);
  });
}
