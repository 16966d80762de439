import { afterEach } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "../../../ipam/store-port.ts";
import { type OpenOptions, openEmbeddedStore } from "../open.ts";

export interface Scratch {
  /** A folder that does not exist yet, below one that does. */
  folder(): string;
  open(dataDir: string, options?: OpenOptions): Promise<Store>;
}

/** Folders and stores for one test, closed and removed at its end whatever happens. Call at the top of a file. */
export function useScratch(): Scratch {
  const made: string[] = [];
  const opened: Store[] = [];
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder: () => {
      const folder = mkdtempSync(join(tmpdir(), "kube-ipam-embedded-"));
      made.push(folder);
      return join(folder, "data");
    },
    open: async (dataDir, options) => {
      const store = await openEmbeddedStore({ kind: "embedded", dataDir }, options);
      opened.push(store);
      return store;
    },
  };
}

/** What a promise that must fail fails with. */
export function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => "no failure",
    (failure: unknown) => failure,
  );
}
