import type { Interval } from "../../address/interval.ts";
import { formatInterval } from "../../address/interval-text.ts";
import { AbsentError } from "../../command-line/failure.ts";
import { type Format, printItems } from "../../command-line/output.ts";
import { startProgress } from "../../command-line/progress.ts";
import type { StoreFailure } from "../../ipam/store-port.ts";
import type { Addresses } from "../../operator/addresses.ts";
import { COLUMNS } from "../../operator/columns.ts";
import type { Item } from "../../operator/items.ts";

export interface WhoOptions {
  readonly output: Format;
  readonly space?: string;
}

/** A pod (name, or namespace/name), or an address. */
export type Asked = { readonly pod: string } | { readonly address: Interval };

/**
 * `ip who POD`: prints the addresses of a pod, and those reserved under its name. `ip who ADDRESS`: prints
 * who has the address, and for whom it is reserved; reads that address alone.
 *
 * @throws AbsentError when there are none; StoreFailure where a record of that address cannot be read.
 */
export async function whoHas(
  asked: Asked,
  { output, space }: WhoOptions,
  addresses: Addresses,
): Promise<number> {
  const progress = startProgress("reading records");
  const query = { ...asked, ...(space !== undefined && { space }) };
  const found: Item[] = [];
  const damages: StoreFailure[] = [];
  const how = { onRead: progress.at, onDamage: (failure: StoreFailure) => void damages.push(failure) };
  for await (const { item } of addresses.items(query, how)) found.push(item);
  progress.end();
  if (found.length > 0) return printItems(found, COLUMNS, output);
  if ("pod" in asked) throw withoutAddress(asked.pod);
  // Its record may be the one that cannot be read (FAIL-CLOSED).
  throw damages[0] ?? withoutHolder(asked.address);
}

function withoutAddress(pod: string): AbsentError {
  return new AbsentError(
    `pod '${pod}' has no address here and none is reserved for it`,
    "see 'kube-ipam ip list'; name the pod as namespace/name",
  );
}

function withoutHolder(address: Interval): AbsentError {
  return new AbsentError(
    `nobody has address ${formatInterval(address)}, and it is reserved for nobody`,
    "see 'kube-ipam ip show' for whether it is cooling down",
  );
}
