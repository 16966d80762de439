import { formatAddress } from "../../address/address.ts";
import { type Interval, isOneAddress } from "../../address/interval.ts";
import { formatInterval } from "../../address/interval-text.ts";
import { AbsentError } from "../../command-line/failure.ts";
import { type Format, printThing } from "../../command-line/output.ts";
import { printErr } from "../../command-line/print.ts";
import { describeHolderFully, describeOwner } from "../../ipam/in-words.ts";
import type { Owner, Retention } from "../../ipam/records.ts";
import type { Addresses } from "../../operator/addresses.ts";
import { retention } from "../../operator/columns.ts";
import { reservedItem } from "../../operator/items.ts";

export interface ReserveOptions {
  readonly output: Format;
  readonly space?: string;
  readonly for: Owner;
  readonly retain: Retention;
  readonly note?: string;
  readonly evenIfHeld?: boolean;
}

/** `ip reserve ADDRESS|RANGE --for OWNER`: reserves it and prints the reservation. Running it again changes nothing. */
export async function reserve(
  interval: Interval,
  given: ReserveOptions,
  addresses: Addresses,
): Promise<number> {
  const { created, holders, space } = await addresses.reserve(interval, {
    owner: given.for,
    retain: given.retain,
    ...(given.space !== undefined && { space: given.space }),
    ...(given.note !== undefined && { note: given.note }),
    evenIfHeld: given.evenIfHeld === true,
  });
  if (!created)
    printErr(`${formatInterval(interval)} is reserved in the same way already: nothing is changed`);
  for (const holder of holders)
    printErr(
      `note: ${describeHolderFully(holder)} has it now, or a part of it, and keeps it until that container ends`,
    );
  const data = { ...ends(interval), space, owner: given.for, retain: given.retain, created };
  return printThing(
    data,
    [
      ["Reserved", formatInterval(interval)],
      ["For", describeOwner(given.for)],
      ["Retain", retention(given.retain)],
      ["Note", given.note],
      ["Space", space],
    ],
    given.output,
  );
}

/** `ip unreserve ADDRESS|RANGE`: ends the reservation. @throws AbsentError where none is exactly of it. */
export async function unreserve(
  interval: Interval,
  given: Pick<ReserveOptions, "output" | "space">,
  addresses: Addresses,
): Promise<number> {
  const { reservation, space } = await addresses.unreserve(interval, given.space);
  if (reservation === undefined) throw notReserved(interval, space);
  const item = reservedItem(space, formatAddress(interval.first), reservation);
  return printThing(
    { ...item, ...ends(interval), state: "unreserved" },
    [
      ["Unreserved", formatInterval(interval)],
      ["Was for", describeOwner(reservation.owner)],
    ],
    given.output,
  );
}

function ends(interval: Interval): { address: string; last?: string } {
  const address = formatAddress(interval.first);
  return isOneAddress(interval) ? { address } : { address, last: formatAddress(interval.last) };
}

function notReserved(interval: Interval, space: string): AbsentError {
  const what = isOneAddress(interval) ? "address" : "range";
  return new AbsentError(
    `address space '${space}' has no reservation of exactly the ${what} ${formatInterval(interval)}`,
    "see 'kube-ipam ip list', and name a range exactly as it was reserved",
  );
}
