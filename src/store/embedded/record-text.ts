import { StoreFailure } from "../../ipam/store-port.ts";

/**
 * A record's text as a value, whatever its version.
 *
 * @throws StoreFailure unwritable when it is not JSON: somebody else wrote there.
 */
export function decodeRecord<T>(key: string, text: string): T {
  try {
    return JSON.parse(text);
  } catch {
    throw new StoreFailure(
      "unwritable",
      `the record ${key} in the store is not JSON`,
      "Restore the store from a backup, or delete this record with 'sqlite3' if nobody needs it.",
    );
  }
}
