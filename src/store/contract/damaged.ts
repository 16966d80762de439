import { expect, test } from "bun:test";
import type { ListScope, Store } from "../../ipam/store-port.ts";
import {
  allocation,
  attachment,
  deleteAll,
  failureOf,
  options,
  putAll,
  putAllocation,
  putAttachment,
  type StoreUnderTest,
  told,
} from "./fixtures.ts";

/** Records that cannot be read: a listing can skip them, and no call takes them for absent. */
export function damaged(under: () => StoreUnderTest): void {
  const scopes: readonly [string, ListScope][] = [
    ["of one space", { kind: "allocation", space: "default" }],
    ["of all spaces", { kind: "allocation" }],
  ];

  async function listed(scope: ListScope): Promise<{ found: string[]; passed: string[] }> {
    const [found, passed]: [string[], string[]] = [[], []];
    const damaged: Heard = ({ ref, failure }) => passed.push(`${failure.kind} ${told(ref)}`);
    for await (const { ref } of under().store.list(scope, { ...options(), damaged })) found.push(told(ref));
    return { found, passed };
  }

  test.each(scopes)("a listing %s goes on past a damaged record and tells of it", async (_, scope) => {
    const { store, damage } = under();
    await putAll(store, ...["10.1.2.2", "10.1.2.3", "10.1.2.4"].map((text) => putAllocation(text)));
    await damage(allocation("10.1.2.3"));
    expect(await listed(scope)).toEqual({ found: ["10.1.2.2", "10.1.2.4"], passed: ["damaged 10.1.2.3"] });
  });

  test("a listing hears only of damage in its scope", async () => {
    const { store, damage } = under();
    await putAll(store, putAttachment("a", "n1"), putAttachment("b", "n1"), putAttachment("c", "n2"));
    for (const ref of [attachment("a", "n1"), attachment("c", "n2")]) await damage(ref);
    expect(await listed({ kind: "attachment", node: "n1" })).toEqual({ found: ["b"], passed: ["damaged a"] });
  });

  test("a listing that tells nobody fails, and names the record", async () => {
    const { store, damage } = under();
    await putAll(store, putAttachment("a"), putAttachment("b"));
    await damage(attachment("b"));
    const failure = await failureOf(Array.fromAsync(store.list({ kind: "attachment" }, options())));
    expect(failure).toMatchObject({ kind: "damaged", message: expect.stringContaining("eth0") });
    expect(failure.remedy).not.toBe("");
  });

  test("who hears of damage may end the listing", async () => {
    const { store, damage } = under();
    await putAll(store, putAllocation("10.1.2.2"), putAllocation("10.1.2.3"));
    await damage(allocation("10.1.2.2"));
    const damaged: Heard = ({ failure }) => {
      throw failure;
    };
    const listing = Array.fromAsync(store.list({ kind: "allocation" }, { ...options(), damaged }));
    expect(await failureOf(listing)).toMatchObject({ kind: "damaged" });
  });

  test("a read of the record itself fails; the address counts as taken, and no guard takes it for absent", async () => {
    const { store, damage } = under();
    const ref = allocation("10.1.2.3");
    await putAll(store, putAllocation("10.1.2.3"), putAllocation("10.1.2.9"));
    await damage(ref);
    expect(await failureOf(store.read({ refs: [ref] }, options()))).toMatchObject({ kind: "damaged" });
    const span = { space: "default", first: allocation("10.1.2.1").address, last: ref.address };
    const { windows, counts } = await store.read(
      { windows: [{ ...span, limit: 10 }], counts: [span] },
      options(),
    );
    expect(windows[0]?.allocated).toEqual([ref.address]);
    expect(counts[0]?.allocated).toBe(1);
    const taking = { guards: [{ ref, revision: 0 }], puts: [putAllocation("10.1.2.3")], deletes: [] };
    expect(await store.commit(taking, options())).toMatchObject({ won: false });
  });

  test("a watch goes on past a damaged record and tells of it", async () => {
    const { store, damage } = under();
    const since = await putAll(store, putAllocation("10.1.2.2"), putAllocation("10.1.2.3"));
    const seen = watched(store, since, "damage");
    await damage(allocation("10.1.2.2"));
    await putAll(store, putAllocation("10.1.2.4"));
    await deleteAll(store, allocation("10.1.2.3"));
    expect(await seen).toEqual(["damaged 10.1.2.2", "+10.1.2.4", "-10.1.2.3"]);
  }, 20_000);

  test("a watch of keys alone tells that a damaged record is there", async () => {
    const { store, damage } = under();
    const since = await putAll(store, putAllocation("10.1.2.2"), putAllocation("10.1.2.3"));
    const seen = watched(store, since, "keys");
    await damage(allocation("10.1.2.2"));
    await deleteAll(store, allocation("10.1.2.3"));
    expect(await seen).toEqual(["+10.1.2.2", "-10.1.2.3"]);
  }, 20_000);

  test("a watch that tells nobody fails", async () => {
    const { store, damage } = under();
    const since = await putAll(store, putAllocation("10.1.2.2"));
    const failure = failureOf(watched(store, since, "nothing"));
    await damage(allocation("10.1.2.2"));
    expect(await failure).toMatchObject({ kind: "damaged" });
  }, 20_000);
}

type Heard = NonNullable<Parameters<Store["list"]>[1]["damaged"]>;

/** What a watch tells until something is deleted. */
async function watched(store: Store, since: number, hears: "damage" | "keys" | "nothing"): Promise<string[]> {
  const seen: string[] = [];
  const { signal } = new AbortController();
  const damaged: Heard = ({ ref, failure }) => seen.push(`${failure.kind} ${told(ref)}`);
  const scope = { kind: "allocation", space: "default" } as const;
  const options =
    hears === "keys" ? { signal, keysOnly: true } : { signal, ...(hears === "damage" && { damaged }) };
  for await (const { ref, present } of store.watch(scope, since, options)) {
    seen.push(`${present ? "+" : "-"}${told(ref)}`);
    if (!present) break;
  }
  return seen;
}
