import type { Context } from "hono";
import { IpamError } from "../../ipam/errors.ts";
import { Queue } from "../../ipam/queue.ts";
import type { Addresses } from "../../operator/addresses.ts";
import { type Item, namespaceOf } from "../../operator/items.ts";
import { type AddressList, API_VERSION, type ListedAddress } from "../../operator/wire.ts";
import { BadRequest } from "./bad-request.ts";
import { readSpace } from "./bodies.ts";
import { object } from "./objects.ts";
import { tableOf, wantsTable } from "./table.ts";

/** Each list reads all records of the store, and has those of the caller in memory: the next ones wait for their turn. */
const turns = new Queue({ limit: 2 });
const MOST_WAITING = 64;

/**
 * GET …/addresses: what is held or reserved, of one Kubernetes namespace or of all.
 *
 * @throws BadRequest, StoreFailure; IpamError tryAgain where too many lists are asked for at once.
 */
export async function list(request: Context, addresses: Addresses): Promise<Response> {
  const only = onlyName(request.req.query());
  const space = readSpace(request.req.query("space"));
  if (turns.waiting >= MOST_WAITING)
    throw new IpamError(
      "tryAgain",
      "too many lists of addresses are asked for at once",
      "try again in a while",
    );
  return turns.run(async () => answerList(request, await addresses.items(space), only));
}

function answerList(request: Context, found: readonly Item[], only: string | undefined): Response {
  const items = found.map(listed).filter(({ metadata }) => only === undefined || metadata.name === only);
  if (wantsTable(request.req.header("Accept"))) return request.json(tableOf(items));
  const answer: AddressList = { apiVersion: API_VERSION, kind: "AddressList", metadata: {}, items };
  return request.json(answer);
}

function listed(item: Item): ListedAddress {
  const name = "last" in item && item.last !== undefined ? `${item.address}-${item.last}` : item.address;
  return { ...object("Address", name, namespaceOf(item) || undefined), item };
}

/**
 * The name that a query narrows a list to. RBAC relies on it: a caller who may see one name only may
 * list by that name. So what is not understood is refused, never ignored.
 */
function onlyName({ fieldSelector, labelSelector, watch }: Record<string, string>): string | undefined {
  if (watch !== undefined && !["0", "false"].includes(watch))
    throw new BadRequest("addresses cannot be watched");
  if (labelSelector) throw new BadRequest("addresses have no labels");
  if (!fieldSelector) return undefined;
  const [, name] = /^metadata\.name==?([^,=!]+)$/.exec(fieldSelector) ?? [];
  if (name === undefined) throw new BadRequest("only metadata.name selects addresses");
  return name;
}
