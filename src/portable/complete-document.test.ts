import { expect, test } from "bun:test";
import { parseAddress } from "../address/address.ts";
import type { AllocationRecord } from "../ipam/records.ts";
import { completeDocument } from "./complete-document.ts";
import type { PortableRecord } from "./document.ts";
import { recordsOfLeases } from "./foreign-leases.ts";

function of(container: string, ...addresses: string[]): PortableRecord[] {
  return recordsOfLeases(
    addresses.map((text) => ({ address: parseAddress(text), container, ifname: "eth0", node: "n1" })),
    { source: "host-local", name: "lan", space: "default", ranges: [], since: "" },
  );
}

const without = (records: readonly PortableRecord[], kind: string) =>
  records.filter(({ ref }) => ref.kind !== kind);

/** "10.1.2.3 a b": the address and the containers that hold it. */
function held(records: readonly PortableRecord[]): string[] {
  return records.flatMap(({ ref, record }) => {
    if (ref.kind !== "allocation") return [];
    const { holders } = record as AllocationRecord;
    return [[ref.address, ...holders.map(({ attachment }) => attachment.container)].join(" ")];
  });
}

test("a document that says the same everywhere stays as it is", () => {
  const records = [...of("a", "10.1.2.3", "fd00::3"), ...of("b", "10.1.2.4")];
  expect(completeDocument(records)).toEqual({ records, remarks: [] });
});

test("M44: what an attachment lists is held for it, whoever else has it", () => {
  const records = [...without(of("a", "10.1.2.3", "10.1.2.4"), "allocation"), ...of("b", "10.1.2.4")];
  const done = completeDocument(records);
  expect(held(done.records).sort()).toEqual(["10.1.2.3 a", "10.1.2.4 b a"]);
  expect(done.remarks).toEqual([
    "10.1.2.3 is listed by interface eth0 of container a in network 'lan' on node n1, and allocated to nobody: held for that attachment",
    "10.1.2.4 is listed by interface eth0 of container a in network 'lan' on node n1, and allocated to interface eth0 of container b in network 'lan' on node n1: held for that attachment, too",
  ]);
});

test("M44: a holder that no attachment lists is held, and told", () => {
  const done = completeDocument(without(of("a", "10.1.2.3"), "attachment"));
  expect(held(done.records)).toEqual(["10.1.2.3 a"]);
  expect(done.remarks).toEqual([expect.stringContaining("no DEL will free it")]);
});

test("M7: an allocation that comes twice stays so, for it is a conflict", () => {
  const twice = ["a", "b"].flatMap((name) => without(of(name, "10.1.2.3"), "attachment"));
  const records = [...without(of("c", "10.1.2.3"), "allocation"), ...twice];
  expect(completeDocument(records).records).toEqual(records);
});
