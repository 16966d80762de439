import type { Context } from "hono";
import type { Addresses } from "../../operator/addresses.ts";
import { type Item, namespaceOf } from "../../operator/items.ts";
import { type AddressList, API_VERSION, type ListedAddress } from "../../operator/wire.ts";
import { BadRequest } from "./bodies.ts";
import { object, type Scope } from "./objects.ts";
import { tableOf, wantsTable } from "./table.ts";

/** GET …/addresses: what is held or reserved, of one Kubernetes namespace or of all. */
export async function list(request: Context, scope: Scope, addresses: Addresses): Promise<Response> {
  const only = onlyName(request.req.query());
  const items = (await addresses.items(request.req.query("space")))
    .filter((item) => scope === undefined || namespaceOf(item) === scope)
    .map(listed)
    .filter(({ metadata }) => only === undefined || metadata.name === only);
  if (wantsTable(request.req.header("Accept"))) return request.json(tableOf(items));
  const found: AddressList = { apiVersion: API_VERSION, kind: "AddressList", metadata: {}, items };
  return request.json(found);
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
