import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeStore } from "../contract/contract.ts";
import { openEmbeddedStore } from "./open.ts";
import { damageRecord } from "./testing/damage.ts";

describeStore("embedded", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "kube-ipam-store-"));
  const store = await openEmbeddedStore({ kind: "embedded", dataDir });
  const other = await openEmbeddedStore({ kind: "embedded", dataDir });
  return {
    store,
    other,
    damage: async (ref) => damageRecord(dataDir, ref),
    close: async () => {
      await store.close();
      await other.close();
      rmSync(dataDir, { recursive: true });
    },
  };
});
