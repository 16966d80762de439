import { expect, test } from "bun:test";
import { recordFault } from "./record-fault.ts";

const id = { network: "lan", container: "c", ifname: "eth0" };
const holder = { attachment: id, node: "n1" };
const attachment = {
  holder,
  space: "default",
  addresses: ["10.1.2.3", "fd00::3"],
  prefixes: [24, 64],
  gateways: ["10.1.2.1", null],
};
const ref = { kind: "attachment", node: "n1", id };
const owner = { kind: "StatefulSet", namespace: "default", name: "db" };
const range = (first: string, last: string) => ({ ranges: [{ first, last }] });

test.each<[object, object, string | undefined]>([
  [ref, attachment, undefined],
  [ref, { ...attachment, holder: { ...holder, node: "n2" } }, "that of the reference"],
  [{ ...ref, id: { ...id, container: "d" } }, attachment, "that of the reference"],
  [ref, { ...attachment, addresses: [], prefixes: [], gateways: [] }, "at least one"],
  [ref, { ...attachment, addresses: ["10.1.2.3", "10.1.2.3"] }, "each address once"],
  [ref, { ...attachment, prefixes: [24] }, "as many"],
  [ref, { ...attachment, gateways: [null, null, null] }, "as many"],
  [ref, { ...attachment, prefixes: [64, 64] }, "for 10.1.2.3"],
  [ref, { ...attachment, gateways: [null, "10.1.2.1"] }, "for fd00::3"],
  [{ kind: "allocation" }, { holders: [holder, { ...holder, node: "n2" }] }, undefined],
  [{ kind: "allocation" }, { holders: [holder, holder] }, "each attachment once"],
  [{ kind: "owner", owner }, { owner: { ...owner, uid: "u" } }, undefined],
  [{ kind: "owner", owner }, { owner: { ...owner, name: "web" } }, "StatefulSet default/db"],
  [{ kind: "reservedRanges" }, range("10.1.2.3", "10.1.2.3"), undefined],
  [{ kind: "reservedRanges" }, range("10.1.2.3", "10.1.2.2"), "10.1.2.3-10.1.2.2"],
  [{ kind: "reservedRanges" }, range("10.1.2.3", "fd00::"), "10.1.2.3-fd00::"],
  [{ kind: "network" }, {}, undefined],
])("M44: a record that contradicts itself cannot be read: %j %j", (of, record, expected) => {
  const fault = recordFault({ ref: of, record } as never);
  if (expected === undefined) expect(fault).toBeUndefined();
  else expect(fault).toContain(expected);
});
