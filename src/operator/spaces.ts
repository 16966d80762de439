import { definitionsOf } from "../ipam/network-definitions.ts";
import type { ListOptions, Store } from "../ipam/store-port.ts";

/**
 * All address spaces that the store's networks have been in, and the configured one. Looks through what is held and
 * reserved only where a network has had more definitions than its record keeps.
 */
export async function spacesOf(configured: string, store: Store, options: ListOptions): Promise<string[]> {
  const spaces = new Set([configured]);
  let isAll = true;
  for await (const { record } of store.list({ kind: "network" }, options)) {
    if (record.more) isAll = false;
    for (const { space } of definitionsOf(record)) spaces.add(space);
  }
  if (isAll) return [...spaces];
  for await (const { record } of store.list({ kind: "attachment" }, options)) spaces.add(record.space);
  for await (const { ref } of store.list({ kind: "reservation" }, options)) spaces.add(ref.space);
  return [...spaces];
}
