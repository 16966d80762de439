import { formatAddress } from "../../address/address.ts";
import { counted } from "../../command-line/counted.ts";
import type { ForeignLease } from "../../portable/foreign-leases.ts";
import type { KnownContainers } from "../../runtime/known-containers.ts";
import type { Told } from "./told.ts";

/**
 * Tells how many of this node's containers its runtime knows. Those that it does not know have ended, mostly: their
 * addresses would be held for ever.
 *
 * @param remedy what to do about the others.
 */
export function tellRuntime(
  leases: readonly ForeignLease[],
  thisNode: string,
  known: KnownContainers,
  remedy: string,
): Told[] {
  const containers = Map.groupBy(
    leases.filter(({ node }) => node === thisNode),
    ({ container }) => container,
  );
  if (containers.size === 0) return [];
  const { asked, configured, doubt, folder } = known;
  const others = [...containers].filter(([container]) => !known.knows(container));
  const knows = containers.size - others.length;
  const all = counted(containers.size, "container", "containers");
  const count = `of ${all} the runtime knows ${knows} (its CNI cache)`;
  const unsure = doubt === undefined ? "" : `; of ${folder}: ${doubt}`;
  const told: Told = {
    key: "runtime",
    line: ["Runtime", asked ? `knows ${knows} of ${all}` : `unknown: ${folder}: ${doubt}`],
    data: {
      cache: folder,
      asked,
      containers: containers.size,
      known: asked ? knows : null,
      ...(doubt && { doubt }),
    },
    items: others.map(([container, of]) => {
      const addresses = of.map(({ address }) => formatAddress(address));
      return { text: `${container}: ${addresses.join(", ")}`, data: { container, addresses } };
    }),
  };
  // Where nobody has named a cache, and none is where it is by default, this machine may have no runtime.
  if (others.length === 0 || !(asked || configured)) return [told];
  const unknown = asked ? "" : ", so which of them live is unknown";
  return [{ ...told, warning: `${count}: ${remedy}${unsure}${unknown}` }];
}
