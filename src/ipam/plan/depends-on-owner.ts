import type { AddRequest } from "../requests.ts";

/**
 * Whether the targets of an ADD depend on what its owner has: a sticky address does, and a place in a set of
 * addresses, unless a StatefulSet's pod has it by its ordinal. Whoever plans without the owner's record asks here.
 */
export function dependsOnOwner({ wish }: Pick<AddRequest, "wish">): boolean {
  return wish.sticky || (wish.set !== undefined && wish.owner?.ordinal === undefined);
}
