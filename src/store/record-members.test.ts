import { expect, test } from "bun:test";
import type { RecordKind } from "../ipam/records.ts";
import { missingMember } from "./record-members.ts";

const owner = { kind: "Pod", namespace: "default", name: "p" };
const holder = {
  attachment: { network: "n", container: "c", ifname: "eth0" },
  node: "n1",
  bootId: "b",
  namespace: { path: "/x" },
  requestId: "r",
};
const attachment = { space: "s", addresses: ["10.1.2.3"], prefixes: [24], gateways: [null], holder };

test.each<[RecordKind, object, string | undefined]>([
  ["meta", { version: 1, uuid: "u", state: "ready" }, undefined],
  ["meta", { version: 1 }, "uuid"],
  ["meta", { uuid: "u", state: "ready" }, "version"],
  ["meta", { version: "1", uuid: "u", state: "ready" }, "version"],
  ["meta", { version: 2 }, undefined],
  ["attachment", { version: 1, ...attachment }, undefined],
  ["attachment", { version: 1, ...attachment, addresses: "10.1.2.3" }, "addresses"],
  ["attachment", { version: 1, ...attachment, holder: { ...holder, namespace: null } }, "holder"],
  ["allocation", { version: 1, holders: [holder] }, undefined],
  ["allocation", { version: 1, holders: [{}] }, "holders"],
  ["allocation", { version: 1, holders: {} }, "holders"],
  ["reservation", { version: 1, owner, kind: "operator" }, undefined],
  ["reservation", { version: 1, owner: "me", kind: "operator" }, "owner"],
  ["cooling", { version: 1 }, undefined],
  ["owner", { version: 1, owner, addresses: [] }, undefined],
  ["owner", { version: 1, owner, addresses: [5] }, "addresses"],
  ["owner", { version: 1, owner, addresses: [], places: { a: { network: "n", ifname: "i" } } }, undefined],
  ["owner", { version: 1, owner, addresses: [], places: { a: null } }, "places"],
  ["owner", { version: 1, owner, addresses: [], places: 5 }, "places"],
  ["reservedRanges", { version: 1, ranges: [{ first: "a", last: "b", reservation: { owner } }] }, undefined],
  ["reservedRanges", { version: 1, ranges: [null] }, "ranges"],
  ["network", { version: 1, space: "s", subnets: [] }, undefined],
  ["network", { version: 1, space: "s", subnets: ["10.1.2.0/24", "fd00::/64"] }, undefined],
  ["network", { version: 1, space: "s", subnets: ["10.1.2.0"] }, "subnets"],
  ["network", { version: 1, space: "s" }, "subnets"],
  ["network", { version: 1, space: "s", subnets: [], earlier: [{ space: "t", subnets: [] }] }, undefined],
  ["network", { version: 1, space: "s", subnets: [], earlier: [{ space: "t", subnets: ["x"] }] }, "earlier"],
  ["network", { version: 1, space: "s", subnets: [], earlier: {} }, "earlier"],
])("%s %j", (kind, record, expected) => {
  expect(missingMember(kind, record)).toBe(expected as never);
});
