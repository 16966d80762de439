import type { Context } from "hono";
import { IpamError } from "../../ipam/errors.ts";
import type { Addresses } from "../../operator/addresses.ts";
import { type Item, namespaceOf } from "../../operator/items.ts";
import { comparePositions, type Placed, type Position } from "../../operator/list-items.ts";
import { API_VERSION, type ListedAddress } from "../../operator/wire.ts";
import { FairTurns } from "./fair-turns.ts";
import { continueAt, type ListQuery, MOST_OF_ONE_ANSWER, readListQuery } from "./list-query.ts";
import { object } from "./objects.ts";
import { rowOf, tableHead, wantsTable } from "./table.ts";

/** A list may read all records of the store, a page at a time: the next ones wait for their turn. */
const turns = new FairTurns({ running: 2, waiting: 256, waitingOfOne: 64 });

/** Milliseconds after which a list that its caller does not read gives its turn to others. */
const PATIENCE_MS = 20_000;

/**
 * GET …/addresses: what is held or reserved, of one Kubernetes namespace or of all. With `limit`, so much of it, and
 * where to continue; without, all of it, as it is read. What is in memory of it is a page.
 *
 * @throws BadRequest, StoreFailure; IpamError tryAgain where too many lists are asked for at once.
 */
export async function list(request: Context, addresses: Addresses, user: string): Promise<Response> {
  const asked = readListQuery(request.req.query());
  if (turns.isFull(user))
    throw new IpamError(
      "tryAgain",
      "too many lists of addresses are asked for at once",
      "try again in a while",
    );
  const end = await turns.take(user);
  const parts = partsOf(addresses, asked, wantsTable(request.req.header("Accept")) ? IN_TABLE : IN_LIST);
  try {
    // A store that fails at once is told by a status.
    const body = await bodyOf(parts, end);
    return new Response(body, { headers: { "Content-Type": "application/json" } });
  } catch (failure) {
    end();
    throw failure;
  }
}

/** How items are written. */
interface Shape {
  readonly head: string;
  write(item: ListedAddress): string;
}

const IN_LIST: Shape = {
  head: `{"apiVersion":${JSON.stringify(API_VERSION)},"kind":"AddressList","items":[`,
  write: (item) => JSON.stringify(item),
};

const IN_TABLE: Shape = {
  head: `${JSON.stringify(tableHead()).slice(0, -1)},"rows":[`,
  write: (item) => JSON.stringify(rowOf(item)),
};

/** The answer's text, part by part. An address that several hold is in one answer. */
async function* partsOf(
  addresses: Addresses,
  { after, limit, name, query }: ListQuery,
  { head, write }: Shape,
): AsyncGenerator<string> {
  let text = head;
  let count = 0;
  let inPart = 0;
  let last: Position | undefined;
  let more = false;
  for await (const placed of addresses.items(query, { ...(after && { after }) })) {
    const item = listed(placed.item);
    if (name !== undefined && item.metadata.name !== name) continue;
    more = limit !== undefined && count >= limit && isBeyond(placed, last);
    if (more) break;
    text += `${count === 0 ? "" : ","}${write(item)}`;
    last = placed.at;
    count += 1;
    inPart += 1;
    if (limit === undefined && inPart === MOST_OF_ONE_ANSWER) {
      yield text;
      text = "";
      inPart = 0;
    }
  }
  yield `${text}],"metadata":${JSON.stringify(more && last ? { continue: continueAt(last) } : {})}}`;
}

function isBeyond({ at }: Placed, last: Position | undefined): boolean {
  return last === undefined || comparePositions(at, last) !== 0;
}

/** What is one part is complete. */
async function bodyOf(parts: AsyncGenerator<string>, end: () => void): Promise<ReadableStream | string> {
  const first = await parts.next();
  const second = await parts.next();
  if (second.done !== true) return streamOf([first.value, second.value], parts, end);
  end();
  return first.value ?? "";
}

/** Breaks off where the store fails midway, or the caller reads too slowly: what it has is no whole JSON then. */
function streamOf(
  begun: string[],
  rest: AsyncGenerator<string>,
  end: () => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let isLate = false;
  const stop = () => {
    clearTimeout(timer);
    end();
    void rest.return(undefined);
  };
  const timer = setTimeout(() => {
    isLate = true;
    stop();
  }, PATIENCE_MS);
  return new ReadableStream({
    pull: async (stream) => {
      try {
        const text = begun.shift() ?? (await rest.next()).value;
        if (isLate) throw new Error("the list was not read in time");
        if (text !== undefined) return stream.enqueue(encoder.encode(text));
        stop();
        return stream.close();
      } catch (failure) {
        stop();
        return stream.error(failure);
      }
    },
    cancel: stop,
  });
}

function listed(item: Item): ListedAddress {
  const name = "last" in item && item.last !== undefined ? `${item.address}-${item.last}` : item.address;
  return { ...object("Address", name, namespaceOf(item) || undefined), item };
}
