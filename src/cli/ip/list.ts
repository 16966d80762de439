import type { Format } from "../../command-line/output.ts";
import { printErr } from "../../command-line/print.ts";
import { printStream } from "../../command-line/print-stream.ts";
import { startProgress, untilPrinted } from "../../command-line/progress.ts";
import type { Addresses } from "../../operator/addresses.ts";
import { COLUMNS } from "../../operator/columns.ts";
import { type ItemQuery, isNarrow } from "../../operator/item-query.ts";
import type { Item } from "../../operator/items.ts";

export interface ListOptions extends ItemQuery {
  readonly output: Format;
}

/** `ip list`: prints who has which address, and for whom addresses are reserved, as it reads them. */
export async function listAddresses(
  { output, ...options }: ListOptions,
  addresses: Addresses,
): Promise<number> {
  const progress = untilPrinted(startProgress("reading records"));
  const query = queryOf(options);
  let waited = 0;
  const found = itemsOf(addresses.items(query, { onRead: progress.at, waited: () => waited }));
  const count = await printStream(found, COLUMNS, output, {
    before: progress.end,
    after: (milliseconds) => {
      waited += milliseconds;
    },
  }).finally(progress.end);
  if (count === 0) printErr(`no address is held or reserved${isNarrow(query) ? " that matches" : ""}`);
  return 0;
}

/** The command has options of its own besides. */
function queryOf({ address, namespace, network, node, pod, space, state }: ItemQuery): ItemQuery {
  const named = { address, namespace, network, node, pod, space, state };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

async function* itemsOf(placed: AsyncIterable<{ readonly item: Item }>): AsyncGenerator<Item> {
  for await (const { item } of placed) yield item;
}
