import type { Column } from "../command-line/output.ts";
import { describeOwner, podName } from "../ipam/in-words.ts";
import type { Retention } from "../ipam/records.ts";
import type { Item } from "./items.ts";

/** How addresses are shown to people. */
export const COLUMNS: readonly Column<Item>[] = [
  { title: "ADDRESS", of: addressText },
  { title: "STATE", of: ({ state }) => state },
  { title: "FOR", of: forWhom },
  { title: "NODE", of: (item) => (item.state === "allocated" ? item.node : undefined) },
  { title: "NETWORK", of: (item) => (item.state === "allocated" ? item.network : undefined) },
  { title: "CONTAINER", of: (item) => (item.state === "allocated" ? item.container : undefined) },
  { title: "INTERFACE", of: (item) => (item.state === "allocated" ? item.ifname : undefined) },
  { title: "KIND", of: (item) => (item.state === "allocated" ? item.origin : item.by), wide: true },
  {
    title: "RETAIN",
    of: (item) => (item.state === "reserved" ? retention(item.retain) : undefined),
    wide: true,
  },
  { title: "SPACE", of: ({ space }) => space, wide: true },
  { title: "SINCE", of: ({ since }) => since, wide: true },
];

/** "as long as the owner exists", in one word or a number of seconds. */
export function retention(retain: Retention): string {
  return typeof retain === "number" ? `${retain}s` : retain;
}

function forWhom(item: Item): string | undefined {
  if (item.state === "reserved") return describeOwner(item.owner);
  return item.pod && podName(item.pod);
}

function addressText(item: Item): string {
  return item.state === "reserved" && item.last !== undefined ? `${item.address}-${item.last}` : item.address;
}
