import { cidrInterval, formatCidr, parseCidr } from "../address/cidr.ts";
import { type Interval, overlaps } from "../address/interval.ts";
import { subnetsOfSets } from "../address/range.ts";
import type { Network } from "./network.ts";
import type { NetworkDefinition, NetworkRecord } from "./records.ts";

/** All definitions that the record keeps, the newest first: pods may run under each. */
export function definitionsOf(record: NetworkRecord): readonly NetworkDefinition[] {
  return [newestOf(record), ...(record.earlier ?? [])];
}

/**
 * The definitions that the next ADD may bring, as far as the record tells: the newest, and those that are used beside
 * it. A subnet that the network has left is in none of them.
 */
export function definitionsInForce(record: NetworkRecord): readonly NetworkDefinition[] {
  return [newestOf(record), ...(record.earlier ?? []).filter(({ again }) => again)];
}

/** The subnets of several definitions, each once. */
export function subnetsOf(definitions: readonly NetworkDefinition[]): string[] {
  return [...new Set(definitions.flatMap(({ subnets }) => subnets))];
}

/** The definition that stands in the record itself. */
export function newestOf({ space, subnets, detail, again }: NetworkRecord): NetworkDefinition {
  return { space, subnets, ...(detail !== undefined && { detail }), ...(again && { again }) };
}

/** So many subnets are told, and so many addresses or ranges are looked for (CAPPED). */
const MOST_TOLD = 4;

/**
 * For the details of a refusal: "; …" where other definitions of the network's name hold what is asked for, and this one
 * does not; else "".
 */
export function heldByNamesakes(
  { name, sets }: Pick<Network, "name" | "sets">,
  record: NetworkRecord | undefined,
  asks: readonly Interval[],
): string {
  if (record === undefined) return "";
  const own = new Set(subnetsOfSets(sets).map(formatCidr));
  const others = subnetsOf(definitionsOf(record)).filter((text) => !own.has(text));
  const holding = others.filter((text) =>
    asks.slice(0, MOST_TOLD).some((ask) => overlaps(cidrInterval(parseCidr(text)), ask)),
  );
  if (holding.length === 0) return "";
  const more = holding.length > MOST_TOLD ? ", …" : "";
  return (
    `; the name '${name}' also stands for ${holding.slice(0, MOST_TOLD).join(", ")}${more}, but not here: ` +
    "another node or namespace defines it so, or it did so before"
  );
}
