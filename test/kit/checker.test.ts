import { expect, test } from "bun:test";
import { Checker } from "./checker.ts";

const a = { network: "net1", container: "a", ifname: "eth0" };
const b = { network: "net1", container: "b", ifname: "eth0" };
const result = (address: string) => ({ cniVersion: "1.0.0", ips: [{ address }] });

test("books that agree with the store have no fault", () => {
  const checker = new Checker();
  checker.gave(a, result("10.1.2.2/24"));
  expect(checker.faults([{ ...a, address: "10.1.2.2" }])).toEqual([]);
});

test("one address printed twice is a duplicate", () => {
  const checker = new Checker();
  checker.gave(a, result("10.1.2.2/24"));
  checker.gave(b, result("10.1.2.2/24"));
  expect(checker.faults([{ ...a, address: "10.1.2.2" }])).toEqual([
    "duplicate: 10.1.2.2 was printed for net1/a/eth0 and net1/b/eth0",
    "lost: 10.1.2.2 was printed for net1/b/eth0, the store does not say so",
  ]);
});

test("a stored address that nobody has is a leak", () => {
  const checker = new Checker();
  checker.gave(a, result("10.1.2.2/24"));
  checker.ended(a);
  expect(checker.faults([{ ...a, address: "10.1.2.2" }])).toEqual([
    "leak: the store holds 10.1.2.2 for net1/a/eth0, which has not got it",
  ]);
});

test("an address stored twice is a duplicate", () => {
  const stored = [
    { ...a, address: "10.1.2.2" },
    { ...a, network: "net2", address: "10.1.2.2" },
  ];
  expect(new Checker().faults(stored)).toContain("duplicate: the store holds 10.1.2.2 twice");
});
