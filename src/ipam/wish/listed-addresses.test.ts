import { expect, test } from "bun:test";
import { formatAddress } from "../../address/address.ts";
import { IpamError } from "../errors.ts";
import { network } from "../testing/networks.ts";
import { listedAddresses } from "./listed-addresses.ts";

const DB = network("db", "10.2.0.0/24");

function listed(list: unknown, ifname: string): string[] | string {
  const annotations = {
    "k8s.v1.cni.cncf.io/networks": typeof list === "string" ? list : JSON.stringify(list),
  };
  try {
    return listedAddresses(annotations, { network: DB, ifname }).map(({ address }) => formatAddress(address));
  } catch (failure) {
    if (!(failure instanceof IpamError)) throw failure;
    return `${failure.code} ${failure.details}`;
  }
}

const db = (...ips: string[]) => ({ name: "db", ips });

test("J56: the addresses of the pod's list are those of the interface whose entry it is", () => {
  expect(listed([db("10.2.0.5/24")], "net1")).toEqual(["10.2.0.5"]);
  expect(listed([{ ...db("10.2.0.5"), interface: "data0" }], "data0")).toEqual(["10.2.0.5"]);
  expect(listed([{ name: "sriov", ips: ["10.2.0.4"] }, db("10.2.0.5")], "net2")).toEqual(["10.2.0.5"]);
  expect(listed([db("10.2.0.5"), db("10.2.0.6")], "net1")).toEqual(["10.2.0.5"]);
  expect(listed([db("10.2.0.5"), db("10.2.0.6")], "net2")).toEqual(["10.2.0.6"]);
});

test("J56: also where networks that every pod gets move its number up", () => {
  expect(listed([db("10.2.0.5")], "net2")).toEqual(["10.2.0.5"]);
  expect(listed([db("10.2.0.5")], "net9")).toEqual([]);
});

test("J56: of an entry with the number alone, only what this network has", () => {
  expect(listed([{ name: "db-definition", ips: ["10.2.0.5"] }], "net1")).toEqual(["10.2.0.5"]);
  expect(listed([{ name: "other", ips: ["10.8.0.5"] }], "net1")).toEqual([]);
});

test("what is not this interface's, or no list, asks for nothing", () => {
  for (const list of [[{ name: "db" }], "db", "", "[", [db()], [{ name: "db", ips: "10.2.0.5" }]])
    expect(listed(list, "net1")).toEqual([]);
  expect(listed([{ ...db("10.2.0.5"), interface: "data0" }], "net1")).toEqual([]);
  expect(listed([db("10.2.0.5")], "eth0")).toEqual([]);
});

test("J56: an address outside of the network is asked for all the same, and then refused", () => {
  expect(listed([db("10.8.0.5")], "net1")).toEqual(["10.8.0.5"]);
});

test("what is no address, or has another prefix length than the subnet, is error 103", () => {
  expect(listed([db("10.2.0.500")], "net1")).toStartWith(
    "103 expected IP addresses for \"ips\", not '10.2.0.500'",
  );
  expect(listed([db("10.2.0.5/16")], "net1")).toStartWith("103 expected /24, the subnet's prefix length");
});
