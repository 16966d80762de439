import { type Address, formatAddress } from "../../address/address.ts";
import { AbsentError } from "../../command-line/failure.ts";
import { type Format, printThing } from "../../command-line/output.ts";
import type { Released } from "../../ipam/free/operator-release.ts";
import { describeHolderFully } from "../../ipam/in-words.ts";
import type { Addresses } from "../../operator/addresses.ts";

export interface ReleaseOptions {
  readonly output: Format;
  readonly space?: string;
  readonly force?: boolean;
  readonly container?: string;
}

/**
 * `ip release ADDRESS`: frees the address on evidence or by force, and prints what it freed.
 *
 * @throws AbsentError when nobody has the address, IpamError without evidence; nothing is freed then.
 */
export async function releaseAddress(
  address: Address,
  given: ReleaseOptions,
  addresses: Addresses,
): Promise<number> {
  const { released, space } = await addresses.release(address, {
    force: given.force === true,
    ...(given.space !== undefined && { space: given.space }),
    ...(given.container !== undefined && { container: given.container }),
  });
  if (released.length === 0) throw notHeld(address, space, given.container);
  return printThing(released.map(dataOf), released.map(lineOf), given.output);
}

function notHeld(address: Address, space: string, container: string | undefined): AbsentError {
  const whom = container === undefined ? "nobody" : `no container ${container}`;
  return new AbsentError(
    `${whom} has address ${formatAddress(address)} in address space '${space}'`,
    "see 'kube-ipam ip show'; name another address space with --space, or end a reservation with 'kube-ipam ip unreserve'",
  );
}

function dataOf({ holder, addresses, because }: Released) {
  const { attachment, pod, node } = holder;
  return { released: addresses, because, ...attachment, ...(pod && { pod }), node };
}

function lineOf({ holder, addresses, because }: Released): readonly [string, string] {
  return [`Released ${addresses.join(", ")}`, `${describeHolderFully(holder)}, ${because}`];
}
