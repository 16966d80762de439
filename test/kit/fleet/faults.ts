import { formatAddress } from "../../../src/address/address.ts";
import { audit } from "../../../src/ipam/audit/audit.ts";
import type { Store } from "../../../src/ipam/store-port.ts";
import { calledBy } from "../../../src/ipam/testing/called-by.ts";
import { readRecords } from "../../../src/ipam/testing/read-records.ts";

/**
 * Compares the store with the books of who has an address, by container. One sentence for each duplicate,
 * leak and loss, and for all records that contradict each other.
 */
export async function faultsOf(store: Store, books: ReadonlyMap<string, string>): Promise<string[]> {
  const records = await readRecords(store, { deadline: performance.now() + 120_000 });
  const found = audit({ records, clusterNames: calledBy("cluster-1") }).findings.map(({ what }) => what);
  const stored = new Map<string, string>();
  for (const { ref, record } of records.allocations) {
    const address = formatAddress(ref.address);
    if (record.holders.length !== 1) found.push(`${address} has ${record.holders.length} holders`);
    for (const { attachment } of record.holders) {
      const before = stored.get(attachment.container);
      if (before !== undefined) found.push(`${attachment.container} has ${before} and ${address}`);
      stored.set(attachment.container, address);
    }
  }
  for (const [container, address] of stored) {
    const given = books.get(container);
    if (given !== address) found.push(`leak: the store has ${address} for ${container}, which has ${given}`);
  }
  for (const [container, address] of books)
    if (!stored.has(container)) found.push(`lost: ${address} was given to ${container}`);
  const owners = new Set(books.values());
  if (owners.size !== books.size) found.push(`duplicate: ${books.size} pods have ${owners.size} addresses`);
  return found;
}
