import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatAddress } from "../../address/address.ts";
import { anyAddress } from "../../address/testing/arbitraries.ts";
import type { Holder } from "../records.ts";
import { AddressIndex } from "./address-index.ts";
import { CompactTable } from "./compact-table.ts";
import { SiftedAllocations } from "./sift-allocations.ts";
import { SiftedReservations } from "./sift-reservations.ts";

test("K208: an index knows each address again, in each space", () => {
  const entries = fc.array(fc.tuple(fc.constantFrom("default", "wire", "x"), anyAddress), { maxLength: 40 });
  fc.assert(
    fc.property(entries, (all) => {
      const index = new AddressIndex();
      const known = new Map<string, number>();
      for (const [space, address] of all) {
        const text = formatAddress(address);
        if (!known.has(`${space} ${text}`)) known.set(`${space} ${text}`, index.add(space, address, text));
      }
      for (const [space, address] of all) {
        const text = formatAddress(address);
        const at = index.in(space, text);
        expect(at).toBe(known.get(`${space} ${text}`));
        expect([index.space(at ?? -1), index.address(at ?? -1)]).toEqual([space, address]);
        expect(index.at(text)).toContain(at ?? -1);
      }
      expect(index.in("y", "10.0.0.1")).toBeUndefined();
    }),
  );
});

test("K208: a table keeps what it was given while it grows", () => {
  const table = new CompactTable();
  for (let key = 0; key < 5_000; key++) table.set(key * 2 ** 32, key);
  for (let key = 0; key < 5_000; key++) expect(table.get(key * 2 ** 32)).toBe(key);
  expect([table.size, table.get(7)]).toEqual([5_000, undefined]);
});

test("K208: an allocation costs at most 150 bytes, and a reservation 110", () => {
  const count = 100_000;
  const allocations = new SiftedAllocations({ isLive: true });
  const reservations = new SiftedReservations();
  for (let n = 0; n < count; n++) {
    const address = { family: 4, value: BigInt(0x0a000000 + n) } as const;
    allocations.add({
      ref: { kind: "allocation", space: "default", address },
      record: { version: 1, origin: "dynamic", since: "", holders: [holderOf(n)] },
      revision: 1,
    });
    const owner = { kind: "Pod", namespace: "team", name: `p-${n}` };
    const record = { version: 1, owner, kind: "automatic", retain: "workload", since: "" } as const;
    reservations.add({ ref: { kind: "reservation", space: "default", address }, record, revision: 1 });
  }
  expect(allocations.bytes / count).toBeLessThan(150);
  expect(reservations.bytes / count).toBeLessThan(110);
});

function holderOf(n: number): Holder {
  return {
    attachment: { network: "lan", container: `c-${n}`, ifname: "eth0" },
    pod: { namespace: "team", name: `p-${n}`, uid: `u-${n}` },
    node: "n1",
    nodeVerified: true,
    bootId: "b",
    namespace: { path: "" },
    requestId: `r-${n}`,
  };
}
