import type { Pool } from "../../address/pool.ts";
import { sortableText } from "../../address/sortable.ts";
import type { Ports } from "../ports.ts";

/**
 * Where this node begins to look into a pool: behind the address that it gave out last, so that a
 * freed address rests for a round. Nodes that share a store begin at places of their own, so that
 * they do not chase the same candidate (FLAT).
 */
export function startPosition(pool: Pool, space: string, ports: Ports): { position: bigint; known: boolean } {
  const last = ports.node.cursors.read(cursorName(pool, space));
  if (last !== undefined) return { position: (last + 1n) % pool.size, known: true };
  if (!ports.store.description.shared) return { position: 0n, known: true };
  return { position: spread(ports.node.name) % pool.size, known: false };
}

/**
 * Takes the first of `free` (in ring order) that no other process of this node has just taken.
 * Other nodes may still take it: the transaction decides.
 *
 * @param free begins anew with each call.
 */
export function takeNext(
  pool: Pool,
  space: string,
  free: () => Iterable<bigint>,
  ports: Ports,
): bigint | undefined {
  return ports.node.cursors.advance(cursorName(pool, space), (current) => firstBehind(free(), current));
}

/** Of positions in ring order, the first that is behind `current`; else the first of all. */
function firstBehind(free: Iterable<bigint>, current: bigint | undefined): bigint | undefined {
  let first: bigint | undefined;
  for (const position of free) {
    first ??= position;
    if (current === undefined || position > current) return position;
  }
  return first;
}

const names = new WeakMap<Pool, { readonly space: string; readonly name: string }>();

/** One cursor per pool, whichever network names it: they share the addresses. */
function cursorName(pool: Pool, space: string): string {
  const before = names.get(pool);
  if (before?.space === space) return before.name;
  const name = `${space}_${sortableText(pool.at(0n))}_${sortableText(pool.at(pool.size - 1n))}`;
  names.set(pool, { space, name });
  return name;
}

/** FNV-1a, 64 bits: spreads node names, nothing more. */
function spread(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash;
}
