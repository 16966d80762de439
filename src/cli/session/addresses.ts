import { type Address, tryParseAddress } from "../../address/address.ts";
import type { Interval } from "../../address/interval.ts";
import { tryParseInterval } from "../../address/interval-text.ts";
import { UsageError } from "../../command-line/failure.ts";

/** Parses an address that an operator typed. @throws UsageError */
export function readAddress(text: string): Address {
  const address = tryParseAddress(text.trim());
  if (address !== undefined) return address;
  throw new UsageError(
    `'${text}' is not an IP address`,
    "give one such as 10.1.2.3 or 2001:db8::5, without leading zeros",
  );
}

/** Parses an address, a range `first-last`, or a block. @throws UsageError */
export function readInterval(text: string): Interval {
  const interval = tryParseInterval(text.trim());
  if (interval !== undefined) return interval;
  throw new UsageError(
    `'${text}' is neither an IP address nor a range of addresses`,
    "give one such as 10.1.2.3, 10.1.2.10-10.1.2.20 or 10.1.2.8/29",
  );
}
