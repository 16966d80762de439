import type { Pool } from "../../address/pool.ts";
import { sortableText } from "../../address/sortable.ts";
import type { Ports } from "../ports.ts";

/**
 * The position at which this node starts to read a pool: after the address that it last gave out, so
 * that a freed address stays unused for a round. Nodes that share a store start at different positions,
 * so that they do not compete for the same address (FLAT). `known`: a cursor exists, or none is needed.
 */
export function startPosition(pool: Pool, space: string, ports: Ports): { position: bigint; known: boolean } {
  const last = ports.node.cursors.read(cursorName(pool, space));
  if (last !== undefined) return { position: (last + 1n) % pool.size, known: true };
  if (!ports.store.description.shared) return { position: 0n, known: true };
  return { position: spread(`${ports.node.name} ${cursorName(pool, space)}`) % pool.size, known: false };
}

/** The next look of this node begins behind this position; before the pool's first one, at -1. */
export function moveCursor(pool: Pool, space: string, position: bigint, ports: Ports): void {
  ports.node.cursors.advance(cursorName(pool, space), () => (position + pool.size) % pool.size);
}

/** Nobody has taken this position after all: where the cursor still stands there, it goes back. */
export function stepBack(pool: Pool, space: string, position: bigint, ports: Ports): void {
  const before = (position - 1n + pool.size) % pool.size;
  ports.node.cursors.advance(cursorName(pool, space), (current) => (current === position ? before : current));
}

/**
 * Takes the first position of `free` (in ring order) that no other process of this node has just
 * taken. Another node may still take it: the transaction decides.
 *
 * @param free starts again with each call.
 */
export function takeNext(
  pool: Pool,
  space: string,
  free: () => Iterable<bigint>,
  ports: Ports,
): bigint | undefined {
  return ports.node.cursors.advance(cursorName(pool, space), (current) => firstBehind(free(), current));
}

/** The first of the positions (in ring order) after `current`, else the first of all. */
function firstBehind(free: Iterable<bigint>, current: bigint | undefined): bigint | undefined {
  let first: bigint | undefined;
  for (const position of free) {
    first ??= position;
    if (current === undefined || position > current) return position;
  }
  return first;
}

const names = new WeakMap<Pool, { readonly space: string; readonly name: string }>();

/** One cursor per pool: networks with the same pool share its addresses. */
export function cursorName(pool: Pool, space: string): string {
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
