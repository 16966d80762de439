import type { KubernetesStoreSettings } from "../../config/network-configuration.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import { loadCredentials } from "../../kubernetes/credentials/credentials.ts";
import { DECISIONS } from "./objects/names.ts";
import { objectsOf } from "./requests/objects-of-api.ts";

/** So many are looked at: there are as many as transactions under way, and what processes left that died. */
const MOST = 500;

/** The decisions of transactions over several objects that are not ended, as kubectl names them. @throws StoreFailure */
export async function unfinishedIn(
  { kind: _, ...cluster }: KubernetesStoreSettings,
  options: CallOptions,
): Promise<string[]> {
  const scope = { resource: "storerecords", from: DECISIONS, limit: MOST } as const;
  const { items } = await objectsOf(loadCredentials(cluster)).outlines(scope, options);
  const names = items.map(({ id }) => id.name);
  return names.filter((name) => name.startsWith(DECISIONS)).map((name) => `storerecord/${name}`);
}
