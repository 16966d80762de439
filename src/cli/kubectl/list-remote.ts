import { parseAddress } from "../../address/address.ts";
import { formatInterval } from "../../address/interval-text.ts";
import { sortableText } from "../../address/sortable.ts";
import { type ApiPath, withQuery } from "../../kubernetes/api/path.ts";
import { type ItemQuery, matches } from "../../operator/item-query.ts";
import type { Item } from "../../operator/items.ts";
import type { Listened, Placed } from "../../operator/list-items.ts";
import type { AddressList } from "../../operator/wire.ts";

/** Items of one answer. */
const PAGE = 500;

/**
 * Lists what the controller serves, page by page, and narrows it here too: a controller that is older than this
 * program narrows by the space alone, and answers everything at once.
 *
 * @throws as `get`
 */
export async function* listRemote(
  get: (path: ApiPath) => Promise<AddressList>,
  folder: ApiPath,
  query: ItemQuery,
  { onRead }: Listened = {},
): AsyncGenerator<Placed> {
  const { address, namespace: _, ...rest } = query;
  const asked = { ...rest, address: address && formatInterval(address), limit: PAGE };
  let count = 0;
  for (let token: string | undefined; ; ) {
    const { items, metadata } = await get(withQuery(folder, { ...asked, continue: token }));
    for (const { item } of items) {
      onRead?.(++count);
      if (matches(item, query)) yield { at: positionOf(item), item };
    }
    token = metadata.continue;
    if (token === undefined || token === "") return;
  }
}

function positionOf(item: Item): Placed["at"] {
  const rank = item.state === "allocated" ? 0 : item.last === undefined ? 1 : 2;
  return { key: sortableText(parseAddress(item.address)), space: item.space, rank };
}
