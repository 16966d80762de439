import { type Address, parseAddress } from "../../../src/address/address.ts";
import { parseCidr } from "../../../src/address/cidr.ts";
import type { Network } from "../../../src/ipam/network.ts";

/** A network of so many dynamic addresses, with fixed ones besides (`fixedAddress`). */
export function networkOf(size: number, coolingSeconds: number): Network {
  const first = parseAddress("10.0.0.2");
  const last: Address = { ...first, value: first.value + BigInt(size) - 1n };
  const gateway = parseAddress("10.0.0.1");
  const range = { subnet: parseCidr("10.0.0.0/15"), dynamic: { first, last }, gateway };
  return {
    name: "net1",
    space: "default",
    sets: [{ ranges: [range] }],
    exclude: [],
    coolingSeconds,
    requireInit: false,
  };
}

/** An address outside the dynamic ones. */
export function fixedAddress(number: number): Address {
  const { family, value } = parseAddress("10.1.0.1");
  return { family, value: value + BigInt(number) };
}
