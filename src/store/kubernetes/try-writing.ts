import type { KubernetesStoreSettings } from "../../config/network-configuration.ts";
import { refTo } from "../../ipam/ref-to.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import { folderOf, withQuery } from "../../kubernetes/api/path.ts";
import { loadCredentials } from "../../kubernetes/credentials/credentials.ts";
import { objectOf } from "./objects/home.ts";
import { refText } from "./objects/ref-text.ts";
import { send } from "./requests/requests.ts";
import { bodyOf, kindOf } from "./requests/wire.ts";

/**
 * Checks that the credentials may write: the API server judges a write, by rights and policies, and does not perform it.
 * The record is one that says what its absence says, and may be there already.
 *
 * @throws StoreFailure refused.
 */
export async function tryWriting(
  { kind: _, ...cluster }: KubernetesStoreSettings,
  space: string,
  options: CallOptions,
): Promise<void> {
  const ref = refTo.reservedRanges(space);
  const id = objectOf(ref);
  const content = new Map([[refText(ref), { ref, record: { version: 1, ranges: [] } }]]);
  const body = bodyOf({ id, content, written: crypto.randomUUID() });
  const path = withQuery(folderOf(kindOf(id.resource)), { dryRun: "All" });
  await send(loadCredentials(cluster), path, options, { method: "POST", body }, [409]);
}
