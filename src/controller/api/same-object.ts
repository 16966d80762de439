import * as v from "valibot";
import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import { formatInterval, tryParseInterval } from "../../address/interval-text.ts";
import { BadRequest } from "./bad-request.ts";
import type { Scope } from "./objects.ts";

const shape = v.nullish(
  v.object({ name: v.optional(v.string(), ""), namespace: v.optional(v.string(), "") }),
);

/**
 * Refuses a body whose metadata says another namespace than the path, as Kubernetes does, or another address than the
 * specification: which of the two is meant, nobody knows. A name that is no address says nothing.
 *
 * @throws BadRequest
 */
export function requireSameObject(metadata: unknown, address: string, scope: Scope): void {
  const read = v.safeParse(shape, metadata);
  if (!read.success) throw new BadRequest("metadata: expected an object whose name and namespace are texts");
  const { name = "", namespace = "" } = read.output ?? {};
  if (namespace !== "" && namespace !== scope)
    throw new BadRequest(
      `metadata.namespace: '${shown(namespace)}' is not the namespace of the request${scope === undefined ? ", which is for all" : ""}`,
    );
  const [named, meant] = [name, address].map(tryParseInterval);
  if (named === undefined || meant === undefined || formatInterval(named) === formatInterval(meant)) return;
  throw new BadRequest(`metadata.name: '${shown(name)}' is not spec.address '${shown(address)}'`);
}

function shown(text: string): string {
  return cut(text, CAPS.shownValue);
}
