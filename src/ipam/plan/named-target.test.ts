import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseAddress } from "../../address/address.ts";
import { cidrContains, networkOf, parseCidr } from "../../address/cidr.ts";
import type { RangeSet } from "../../address/range.ts";
import { IpamError } from "../errors.ts";
import { range } from "../testing/world.ts";
import { namedTarget } from "./named-target.ts";

const LAN: RangeSet = {
  ranges: [
    range({ subnet: "172.32.0.0/16", first: "172.32.0.2", last: "172.32.9.9", gateway: "172.32.0.1" }),
  ],
};
const V6 = { subnet: "fd00::/64", first: "fd00::2", last: "fd00::99" };

function outcome(set: RangeSet, text: string, prefix: number | undefined, more: object = {}): string {
  const network = { name: "lan", space: "default", sets: [set], exclude: [], coolingSeconds: 0 };
  const wanted = { address: parseAddress(text), ...(prefix && { prefix }), source: "kube-ipam.ip", ...more };
  try {
    const target = namedTarget({ ...network, requireInit: false }, set, wanted);
    return `/${target.prefix}`;
  } catch (failure) {
    if (!(failure instanceof IpamError)) throw failure;
    return `${failure.code} ${failure.message}; ${failure.details}`;
  }
}

describe("J43: a prefix length of one's own", () => {
  test("must leave the range's gateway within reach", () => {
    expect(outcome(LAN, "172.32.3.32", 24)).toBe(
      "103 the network of 172.32.3.32/24 (kube-ipam.ip, kube-ipam.netmask) does not hold the gateway 172.32.0.1; " +
        "the pod could not reach that gateway; say kube-ipam.gateway as well, or ask for the subnet's length, /16",
    );
    expect(outcome(LAN, "172.32.3.33", 32, { source: "kube-ipam.ip/net1" })).toContain(
      "say kube-ipam.gateway/net1 as well",
    );
    expect(outcome(LAN, "172.32.3.33", 32, { source: "runtimeConfig.ips" })).toStartWith(
      "7 the network of 172.32.3.33/32 (runtimeConfig.ips)",
    );
    // The broadcast address of 172.32.0.0/25 is no host of it.
    const odd = { ranges: [range({ ...rangeOfLan(), gateway: "172.32.0.127" })] };
    expect(outcome(odd, "172.32.0.60", 25)).toStartWith("103 ");
  });

  test("is fine where the gateway is within it, is the pod's own, on every link, or none", () => {
    expect(outcome(LAN, "172.32.0.77", 24)).toBe("/24");
    expect(outcome(LAN, "172.32.3.32", 8)).toBe("/8");
    expect(outcome(LAN, "172.32.3.32", undefined)).toBe("/16");
    expect(outcome(LAN, "172.32.3.32", 24, { gateway: parseAddress("172.32.3.1") })).toBe("/24");
    const linkLocal = { ranges: [range({ ...V6, gateway: "fe80::1" })] };
    expect(outcome(linkLocal, "fd00::7", 128)).toBe("/128");
    const ofSubnet = { ranges: [range({ ...V6, gateway: "fd00::1" })] };
    expect(outcome(ofSubnet, "fd00::7:7", 112)).toStartWith("103 ");
    expect(outcome({ ranges: [range(V6)] }, "fd00::7", 128)).toBe("/128");
  });

  test("never gives a target whose network lacks its gateway", () => {
    const host = fc.integer({ min: 2, max: 65_534 });
    fc.assert(
      fc.property(host, host, fc.integer({ min: 1, max: 32 }), (address, gateway, prefix) => {
        const at = (n: number) => `172.32.${n >> 8}.${n & 255}`;
        const set = { ranges: [range({ ...rangeOfLan(), gateway: at(gateway) })] };
        const said = outcome(set, at(address), prefix);
        const own = parseCidr(`${at(address)}/${prefix}`);
        const holds = cidrContains({ ...own, address: networkOf(own) }, parseAddress(at(gateway)));
        if (!said.startsWith("10")) expect(holds).toBe(true);
      }),
    );
  });
});

function rangeOfLan() {
  return { subnet: "172.32.0.0/16", first: "172.32.0.2", last: "172.32.9.9" };
}
