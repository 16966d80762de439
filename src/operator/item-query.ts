import { parseAddress } from "../address/address.ts";
import { type Interval, overlaps } from "../address/interval.ts";
import { type Item, isOf, namespaceOf } from "./items.ts";

/** Narrows a listing. What is not named is not asked for. */
export interface ItemQuery {
  readonly space?: string;
  readonly network?: string;
  readonly node?: string;
  readonly namespace?: string;
  /** Name, or namespace/name. */
  readonly pod?: string;
  readonly state?: Item["state"];
  readonly address?: Interval;
}

/** Whether an item is asked for. Reservations belong to no network and no node: these leave them out. */
export function matches(
  item: Item,
  { address, namespace, network, node, pod, space, state }: ItemQuery,
): boolean {
  if (space !== undefined && item.space !== space) return false;
  if (network !== undefined && !(item.state === "allocated" && item.network === network)) return false;
  if (node !== undefined && !(item.state === "allocated" && item.node === node)) return false;
  if (state !== undefined && item.state !== state) return false;
  if (address !== undefined && !overlaps(intervalOf(item), address)) return false;
  if (pod !== undefined && !isOf(item, pod)) return false;
  return namespace === undefined || namespaceOf(item) === namespace;
}

/** Whether a query leaves anything out. */
export function isNarrow({ address, namespace, network, node, pod, space, state }: ItemQuery): boolean {
  return [address, namespace, network, node, pod, space, state].some((filter) => filter !== undefined);
}

/** The kinds of item that a query can find. */
export function statesOf({ network, node, state }: ItemQuery): ReadonlySet<Item["state"]> {
  const states = state === undefined ? (["allocated", "reserved"] as const) : [state];
  const onlyHeld = network !== undefined || node !== undefined;
  return new Set(states.filter((each) => each === "allocated" || !onlyHeld));
}

function intervalOf(item: Item): Interval {
  const first = parseAddress(item.address);
  return { first, last: item.state === "reserved" && item.last ? parseAddress(item.last) : first };
}
