import type { Ports } from "../ports.ts";
import { RECORD_VERSION } from "../records.ts";
import type { CallOptions } from "../store-port.ts";
import { readIdentity, replaceIdentity } from "./replace-identity.ts";
import { untilWon } from "./until-won.ts";

/**
 * Tells the agents of a shared store that an import has brought attachments, through the identity that they watch:
 * so they look for their own at once, and not every few seconds for ever. Without an identity, or in one that a
 * newer program wrote, nothing is told, and they find them within ten minutes.
 *
 * @throws StoreFailure, IpamError tryAgain; what was imported stays.
 */
export async function announceImport(ports: Pick<Ports, "store">, options: CallOptions): Promise<void> {
  if (!ports.store.description.shared) return;
  await untilWon("tell the agents of the import", async () => {
    const present = await readIdentity(ports, options);
    if (present === undefined || present.record.version > RECORD_VERSION) return true;
    const record = { ...present.record, imports: (present.record.imports ?? 0) + 1 };
    return (await replaceIdentity(record, present, ports, options)) ? true : undefined;
  });
}
