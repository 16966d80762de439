import { refKey } from "../ipam/ref-key.ts";
import type { Transaction } from "../ipam/store-port.ts";

/**
 * Refuses a transaction that puts one record twice: a mistake of the caller, of which only one would stay. etcd
 * refuses it in words of its own.
 *
 * @throws Error naming the records.
 */
export function requireOnePutEach({ puts }: Pick<Transaction, "puts">): void {
  if (puts.length < 2) return;
  const seen = new Set<string>();
  for (const { ref } of puts) {
    const key = refKey(ref);
    if (seen.has(key)) throw new Error(`a transaction writes a record twice: ${key}`);
    seen.add(key);
  }
}
