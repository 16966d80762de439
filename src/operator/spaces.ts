import { definitionsOf } from "../ipam/network-definitions.ts";
import type { ListOptions, Store } from "../ipam/store-port.ts";

/** All address spaces that the store's networks have been in or that have a record, and the configured one. */
export async function spacesOf(configured: string, store: Store, options: ListOptions): Promise<string[]> {
  const spaces = new Set([configured]);
  for await (const { record } of store.list({ kind: "network" }, options))
    for (const { space } of definitionsOf(record)) spaces.add(space);
  for (const space of await store.spaces(options)) spaces.add(space);
  return [...spaces];
}
