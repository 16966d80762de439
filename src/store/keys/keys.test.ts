import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { anyAddress } from "../../address/testing/arbitraries.ts";
import type { Ref } from "../../ipam/records.ts";
import type { ListScope } from "../../ipam/store-port.ts";
import { makeKeys, spansSpaces } from "./keys.ts";

const keys = makeKeys("/kube-ipam/v1");
const address = { family: 4, value: 0x0abc00d8n } as const;
const id = { network: "net1", container: "c1", ifname: "eth0" };

const table: [Ref, string][] = [
  [{ kind: "meta" }, "/kube-ipam/v1/meta"],
  [{ kind: "network", name: "net1" }, "/kube-ipam/v1/networks/net1"],
  [{ kind: "attachment", node: "n1", id }, "/kube-ipam/v1/attachments/n1/net1/c1/eth0"],
  [
    { kind: "attachment", node: "n/1", id: { ...id, network: "ns/net" } },
    "/kube-ipam/v1/attachments/n%2F1/ns%2Fnet/c1/eth0",
  ],
  [{ kind: "allocation", space: "s", address }, "/kube-ipam/v1/spaces/s/allocations/010.188.000.216"],
  [{ kind: "reservation", space: "s", address }, "/kube-ipam/v1/spaces/s/reservations/010.188.000.216"],
  [{ kind: "cooling", space: "s/t", address }, "/kube-ipam/v1/spaces/s%2Ft/cooling/010.188.000.216"],
  [
    { kind: "owner", space: "s", owner: { kind: "Note", namespace: "", name: "for the printer" } },
    "/kube-ipam/v1/spaces/s/owners/Note//for%20the%20printer",
  ],
  [{ kind: "reservedRanges", space: "s" }, "/kube-ipam/v1/spaces/s/reserved-ranges"],
];

describe("keys", () => {
  for (const [ref, key] of table) {
    test(`${key} is where its ${ref.kind} lies, and back`, () => {
      expect(keys.keyOf(ref)).toBe(key);
      expect(keys.refOf(key)).toEqual(ref);
    });
  }

  test("an owner's UID is not part of its key", () => {
    const owner = { kind: "StatefulSet", namespace: "db", name: "pg", uid: "u1" };
    expect(keys.keyOf({ kind: "owner", space: "s", owner })).toBe(
      "/kube-ipam/v1/spaces/s/owners/StatefulSet/db/pg",
    );
  });

  test.each([
    "/kube-ipam/v2/meta",
    "/kube-ipam/v1/meta/x",
    "/kube-ipam/v1/spaces/s",
    "/kube-ipam/v1/spaces/s/allocations/10.0.0.1",
    "/kube-ipam/v1/spaces/s/allocations/010.000.000.001/x",
    "/kube-ipam/v1/spaces/s/other/010.000.000.001",
    "/kube-ipam/v1/spaces/s/owners/a/b",
    "/kube-ipam/v1/attachments/n1/net1/c1",
    "/kube-ipam/v1/networks/%zz",
  ])("%s belongs to no reference", (key) => expect(keys.refOf(key)).toBeUndefined());
});

describe("ranges of keys", () => {
  const within = (scope: ListScope) =>
    table.filter(([, key]) => {
      const { first, end } = keys.scopeOf(scope);
      return key >= first && key < end;
    });

  const scopes: ListScope[] = [
    { kind: "meta" },
    { kind: "network" },
    { kind: "attachment" },
    { kind: "allocation", space: "s" },
    { kind: "allocation", space: "s", address },
    { kind: "reservation", space: "s" },
    { kind: "cooling", space: "s/t" },
    { kind: "owner", space: "s" },
    { kind: "reservedRanges", space: "s" },
  ];
  for (const scope of scopes) {
    test(`the range of ${Object.keys(scope)} ${scope.kind} holds all of its kind and nothing else`, () => {
      const expected = table.filter(([ref]) => ref.kind === scope.kind).map(([ref]) => ref);
      expect(within(scope).map(([ref]) => ref)).toEqual(expected);
      expect(spansSpaces(scope)).toBe(false);
    });
  }

  test("node and network narrow a range of attachments", () => {
    expect(within({ kind: "attachment", node: "n1" })).toHaveLength(1);
    expect(within({ kind: "attachment", node: "n1", network: "net1" })).toHaveLength(1);
    expect(within({ kind: "attachment", node: "n" })).toHaveLength(0);
    expect(within({ kind: "attachment", node: "n1", network: "net" })).toHaveLength(0);
  });

  test("without a space the range holds all spaces, and says so", () => {
    expect(within({ kind: "cooling" }).map(([ref]) => "space" in ref && ref.space)).toEqual([
      "s",
      "s",
      "s/t",
      "s",
      "s",
    ]);
    expect(spansSpaces({ kind: "cooling" })).toBe(true);
  });

  test("a span holds both of its ends", () => {
    const { first, end } = keys.spanOf("allocation", { space: "s", first: address, last: address });
    const key = keys.keyOf({ kind: "allocation", space: "s", address });
    expect(first <= key && key < end).toBe(true);
    expect(
      keys.keyOf({ kind: "allocation", space: "s", address: { family: 4, value: address.value + 1n } }) < end,
    ).toBe(false);
  });

  test("a whole space begins with its own slash", () => {
    expect(keys.wholeSpace("s")).toEqual({
      first: "/kube-ipam/v1/spaces/s/",
      end: "/kube-ipam/v1/spaces/s0",
    });
    expect(keys.spaceOf("/kube-ipam/v1/spaces/s%2Ft/cooling/x")).toBe("s/t");
    expect(keys.spaceOf("/kube-ipam/v1/meta")).toBeUndefined();
  });
});

test("K229: a listing of one family goes over what lies between of the other, and over nothing of its own", () => {
  const keyOf = (each: Extract<Ref, { kind: "allocation" }>["address"]) =>
    keys.keyOf({ kind: "allocation", space: "s", address: each });
  fc.assert(
    fc.property(anyAddress, anyAddress, (last, other) => {
      const scope = { kind: "allocation", space: "s", from: other, to: other } as const;
      const next = keys.following(keyOf(last), scope);
      expect(next > keyOf(last)).toBe(true);
      if (keyOf(other) > keyOf(last)) expect(next <= keyOf(other)).toBe(true);
      const alike = { family: 4, value: (last.value & 0xffffffn) | (0xc9n << 24n) } as const;
      const beyond = keys.following(keyOf({ family: 4, value: 0xc9n << 24n }), { ...scope, to: SIX });
      expect(beyond > keyOf(alike)).toBe(true);
    }),
  );
  const six = keys.following(keyOf({ family: 6, value: 0x20010db8n << 96n }), { ...SCOPE, to: address });
  expect(six > keyOf({ family: 6, value: 0x200fn << 112n })).toBe(true);
  expect(keys.following("/kube-ipam/v1/networks/lan", SCOPE)).toBe("/kube-ipam/v1/networks/lan\0");
});

const SIX = { family: 6, value: 0n } as const;
const SCOPE = { kind: "allocation", space: "s", from: address, to: address } as const;
