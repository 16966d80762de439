import { type Address, equalAddresses } from "../address/address.ts";
import { sortableText } from "../address/sortable.ts";
import type { RecordKind, Ref, RefOf } from "../ipam/records.ts";
import type { ListScope } from "../ipam/store-port.ts";

/** Whether a record is in the scope of a listing or a watch. */
export function inScope<K extends RecordKind>(scope: ListScope<K>, ref: Ref): ref is RefOf<K> {
  if (ref.kind !== scope.kind) return false;
  if (scope.space !== undefined && "space" in ref && ref.space !== scope.space) return false;
  if (scope.node !== undefined && "node" in ref && ref.node !== scope.node) return false;
  if (scope.network !== undefined && "id" in ref && ref.id.network !== scope.network) return false;
  if (!("address" in ref)) return true;
  if (scope.address !== undefined && !equalAddresses(scope.address, ref.address)) return false;
  return scope.from === undefined || isFrom(scope.from, scope.to, ref.address);
}

/** The keys of the two families may interleave. */
function isFrom(from: Address, to: Address | undefined, address: Address): boolean {
  if (to === undefined) return sortableText(from) <= sortableText(address);
  return from.family === address.family && from.value <= address.value && address.value <= to.value;
}
