import { expect, test } from "bun:test";
import type { Ref } from "../../ipam/records.ts";
import type { Put } from "../../ipam/store-port.ts";
import { allocated, attached, options, putAll, recoveryOf, type StoreUnderTest } from "./fixtures.ts";

const ODD = [
  "a/b",
  "a",
  "b",
  "a%2Fb",
  "ä ö",
  "a.b",
  "..",
  ".",
  "%",
  "*",
  "[a]?",
  "it's",
  'say "x"',
  "a\\b",
  "a\nb",
  "a\u0000b",
  "😀",
  "A",
  "a ".repeat(120),
];

/** Names with any characters: stores keep all of them apart. */
export function names(under: () => StoreUnderTest): void {
  const cases: readonly [string, (name: string) => Put][] = [
    ["nodes", (name) => putAttachment({ node: name })],
    ["networks of attachments", (name) => putAttachment({ network: name })],
    ["containers", (name) => putAttachment({ container: name })],
    ["interfaces", (name) => putAttachment({ ifname: name })],
    [
      "networks",
      (name) => ({ ref: { kind: "network", name }, record: { version: 1, space: name, subnets: [] } }),
    ],
    ["nodes of recoveries", putRecovery],
    [
      "spaces",
      (name) => ({
        ref: { kind: "allocation", space: name, address: { family: 4, value: 1n } },
        record: allocated(name),
      }),
    ],
    ["owners' kinds", (name) => putOwner(name, "ns", "n")],
    ["owners' namespaces", (name) => putOwner("Pod", name, "n")],
    ["owners", (name) => putOwner("Pod", "ns", name)],
  ];
  test.each(cases)("odd %s are told apart, and listed as they were written", async (_, putOf) => {
    const { store } = under();
    const puts = ODD.map(putOf);
    await putAll(store, ...puts);
    const refs = puts.map(({ ref }) => ref);
    const snapshot = await store.read({ refs }, options());
    expect(refs.map((ref): unknown => snapshot.get(ref)?.record)).toEqual(puts.map(({ record }) => record));
    const listed: Ref[] = [];
    for await (const { ref } of store.list({ kind: refs[0]?.kind ?? "meta" }, options())) listed.push(ref);
    expect(sorted(listed)).toEqual(sorted(refs));
  });

  test("an owner is who it is by kind, namespace and name; its UID may change", async () => {
    const { store } = under();
    const put = putOwner("Pod", "ns", "n", "uid-1");
    await putAll(store, put);
    const ref = putOwner("Pod", "ns", "n", "uid-2").ref;
    expect((await store.read({ refs: [ref] }, options())).get(ref)?.record as unknown).toEqual(put.record);
  });
}

function putAttachment(odd: { node?: string; network?: string; container?: string; ifname?: string }): Put {
  const { node = "n", network = "net", container = "c", ifname = "eth0" } = odd;
  return {
    ref: { kind: "attachment", node, id: { network, container, ifname } },
    record: attached(Object.values(odd).join()),
  };
}

function putOwner(kind: string, namespace: string, name: string, uid?: string): Put {
  const owner = { kind, namespace, name, ...(uid !== undefined && { uid }) };
  return { ref: { kind: "owner", space: "default", owner }, record: { version: 1, owner, addresses: [] } };
}

function putRecovery(node: string): Put {
  return { ref: { kind: "recovery", node }, record: recoveryOf(node) };
}

function sorted(refs: readonly Ref[]): string[] {
  return refs
    .map((ref) => JSON.stringify(ref, (_, value) => (typeof value === "bigint" ? String(value) : value)))
    .sort();
}
