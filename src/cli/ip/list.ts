import type { Addresses } from "../../operator/addresses.ts";
import { type Item, namespaceOf } from "../../operator/items.ts";
import { type Format, printItems } from "../output.ts";
import { printErr } from "../print.ts";
import { COLUMNS } from "./items.ts";

export interface ListOptions {
  readonly output: Format;
  readonly network?: string;
  readonly space?: string;
  readonly node?: string;
  readonly namespace?: string;
}

/** `ip list`: who has which address, and for whom addresses are reserved. */
export async function listAddresses(options: ListOptions, addresses: Addresses): Promise<number> {
  const items = (await addresses.items(options.space)).filter((item) => matches(item, options));
  if (items.length === 0)
    printErr(`no address is held or reserved${isFiltered(options) ? " that matches" : ""}`);
  return printItems(items, COLUMNS, options.output);
}

/** Reservations belong to no network and no node: a filter by these leaves them out. */
function matches(item: Item, { network, node, namespace }: ListOptions): boolean {
  if (network !== undefined && !(item.state === "allocated" && item.network === network)) return false;
  if (node !== undefined && !(item.state === "allocated" && item.node === node)) return false;
  return namespace === undefined || namespaceOf(item) === namespace;
}

function isFiltered({ network, space, node, namespace }: ListOptions): boolean {
  return [network, space, node, namespace].some((filter) => filter !== undefined);
}
