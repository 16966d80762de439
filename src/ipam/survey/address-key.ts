import { type Address, formatAddress } from "../../address/address.ts";

/** An address as a key of an index: IPv4 as a number, which costs no memory of its own, IPv6 as a bigint. */
export type AddressKey = number | bigint;

export function addressKey({ family, value }: Address): AddressKey {
  return family === 4 ? Number(value) : value;
}

export function addressOf(key: AddressKey): Address {
  return typeof key === "number" ? { family: 4, value: BigInt(key) } : { family: 6, value: key };
}

export function textOf(key: AddressKey): string {
  return formatAddress(addressOf(key));
}
