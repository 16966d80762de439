import type { Annotations } from "../../ipam/wish/annotation.ts";
import { furtherNetworks } from "../../ipam/wish/further-networks.ts";
import { FIRST, MOST_DEFAULTS, numberOf } from "../../ipam/wish/pod-networks.ts";
import { type Finding, warn } from "./finding.ts";
import type { KnownNetwork } from "./known-networks.ts";
import type { Wishes } from "./wishes.ts";

/**
 * Keys that name an interface or a network which the pod's list does not name. Only a warning: a network
 * that no pod has used yet may be called so, and one that the cluster gives to every pod stands in no list.
 */
export function judgeSuffixes(
  { fixed, sets }: Wishes,
  annotations: Annotations,
  known: readonly KnownNetwork[],
): Finding[] {
  const further = furtherNetworks(annotations);
  const named = new Set([
    FIRST,
    ...further.flatMap(({ ifname, name }) => [ifname, name]),
    ...known.map(({ name }) => name),
  ]);
  const sources = new Map([...fixed, ...sets].map(({ source, suffix }) => [source, suffix] as const));
  return [...sources].flatMap(([source, suffix]) => {
    if (suffix === undefined || named.has(suffix)) return [];
    const number = numberOf(suffix);
    const mayCome = number !== undefined && number <= further.length + MOST_DEFAULTS;
    return [
      warn(
        mayCome
          ? `${source}: the pod names no interface '${suffix}': the wish is lost unless every pod of the cluster gets one`
          : `${source}: '${suffix}' is no network or interface that the pod or the store names: unless a new network is ` +
              "called so, the pod will not start",
      ),
    ];
  });
}
