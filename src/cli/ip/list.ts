import { parseAddress } from "../../address/address.ts";
import { type Interval, overlaps } from "../../address/interval.ts";
import { type Format, printItems } from "../../command-line/output.ts";
import { printErr } from "../../command-line/print.ts";
import type { Addresses } from "../../operator/addresses.ts";
import { COLUMNS } from "../../operator/columns.ts";
import { type Item, isOf, namespaceOf } from "../../operator/items.ts";

export interface ListOptions {
  readonly output: Format;
  readonly network?: string;
  readonly space?: string;
  readonly node?: string;
  readonly namespace?: string;
  /** Name, or namespace/name. */
  readonly pod?: string;
  readonly state?: Item["state"];
  readonly address?: Interval;
}

/** `ip list`: prints who has which address, and for whom addresses are reserved. */
export async function listAddresses(options: ListOptions, addresses: Addresses): Promise<number> {
  const items = (await addresses.items(options.space)).filter((item) => matches(item, options));
  if (items.length === 0)
    printErr(`no address is held or reserved${isFiltered(options) ? " that matches" : ""}`);
  return printItems(items, COLUMNS, options.output);
}

/** Reservations belong to no network and no node: a filter by these leaves them out. */
function matches(item: Item, { address, namespace, network, node, pod, state }: ListOptions): boolean {
  if (network !== undefined && !(item.state === "allocated" && item.network === network)) return false;
  if (node !== undefined && !(item.state === "allocated" && item.node === node)) return false;
  if (state !== undefined && item.state !== state) return false;
  if (address !== undefined && !overlaps(intervalOf(item), address)) return false;
  if (pod !== undefined && !isOf(item, pod)) return false;
  return namespace === undefined || namespaceOf(item) === namespace;
}

function intervalOf(item: Item): Interval {
  const first = parseAddress(item.address);
  return { first, last: item.state === "reserved" && item.last ? parseAddress(item.last) : first };
}

function isFiltered({ address, namespace, network, node, pod, space, state }: ListOptions): boolean {
  return [address, namespace, network, node, pod, space, state].some((filter) => filter !== undefined);
}
