import { IpamError } from "../errors.ts";
import { refuseNewer } from "../integrity/newer.ts";
import { newIdentity } from "../integrity/one-store.ts";
import { untilWon } from "../integrity/until-won.ts";
import type { Ports } from "../ports.ts";
import type { MetaRecord } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions } from "../store-port.ts";

const META = refTo.meta;

export interface Begun {
  readonly recovery: string;
  /** False where somebody had begun it already: then this one takes part. */
  readonly begun: boolean;
  /** True where the store was empty and had no identity. */
  readonly made: boolean;
}

/**
 * Begins a recovery, or takes part in the one that is under way: from its commit on no address is
 * given out, and every node is asked what its pods hold.
 *
 * @throws StoreFailure, IpamError.
 */
export function beginRecovery(ports: Ports, options: CallOptions): Promise<Begun> {
  return untilWon("begin the recovery", async () => {
    const present = (await ports.store.read({ refs: [META] }, options)).get(META);
    if (present !== undefined) refuseNewer(present.record.version, "the store's identity");
    const { recovery: underWay, state } = present?.record ?? {};
    if (state === "recovering" && underWay !== undefined)
      return { recovery: underWay, begun: false, made: false };
    const recovery = crypto.randomUUID();
    const base = present?.record ?? newIdentity();
    const record: MetaRecord = { ...base, state: "recovering", recovery };
    const guards = [{ ref: META, revision: present?.revision ?? 0 }];
    const outcome = await ports.store.commit({ guards, puts: [{ ref: META, record }], deletes: [] }, options);
    return outcome.won ? { recovery, begun: true, made: present === undefined } : undefined;
  });
}

/**
 * Ends the recovery: addresses are given out again. Done again it changes nothing.
 *
 * @throws IpamError tryAgain where another recovery has begun meanwhile.
 */
export async function endRecovery(recovery: string, ports: Ports, options: CallOptions): Promise<void> {
  await untilWon("end the recovery", async () => {
    const present = (await ports.store.read({ refs: [META] }, options)).get(META);
    if (present?.record.recovery !== recovery) {
      throw new IpamError(
        "tryAgain",
        "somebody has begun another recovery of the store meanwhile",
        "run 'kube-ipam recover' again",
      );
    }
    if (present.record.state === "ready") return true;
    const record: MetaRecord = { ...present.record, state: "ready" };
    const guards = [{ ref: META, revision: present.revision }];
    const outcome = await ports.store.commit({ guards, puts: [{ ref: META, record }], deletes: [] }, options);
    return outcome.won ? true : undefined;
  });
}
