import { Database } from "bun:sqlite";
import type { Ref } from "../../../ipam/records.ts";
import { makeKeys } from "../../keys/keys.ts";

/** Makes a record one that cannot be read, as somebody with `sqlite3` may. */
export function damageRecord(dataDir: string, ref: Ref): void {
  using database = new Database(`${dataDir}/kube-ipam.db`, { readwrite: true, create: false });
  database.run("pragma busy_timeout = 5000");
  database.transaction(() => {
    database.run("update state set revision = revision + 1");
    const text = "update records set value = '{', revision = (select revision from state) where key = ?";
    const { changes } = database.run(text, [makeKeys("").keyOf(ref)]);
    if (changes !== 1) throw new Error("expected a record to damage");
  })();
}
