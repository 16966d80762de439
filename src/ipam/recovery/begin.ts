import { IpamError } from "../errors.ts";
import { describeMove } from "../in-words.ts";
import { nextEpoch } from "../integrity/epoch.ts";
import { newIdentity, withFormer } from "../integrity/identity.ts";
import { refuseNewer } from "../integrity/newer.ts";
import { readIdentity, replaceIdentity } from "../integrity/replace-identity.ts";
import { untilWon } from "../integrity/until-won.ts";
import { OUT_OF_MOVE } from "../integrity/ways-out.ts";
import type { Ports } from "../ports.ts";
import type { MetaRecord, Suspicion } from "../records.ts";
import type { CallOptions } from "../store-port.ts";

/** The recovery that is now under way. */
export interface Begun {
  readonly recovery: string;
  /** False where another operator had begun it already, and this one joins. */
  readonly begun: boolean;
  /** True where the store had no identity, and this call made one. */
  readonly made: boolean;
  /** Who had stopped all nodes, and why, where somebody had: the recovery takes its place. */
  readonly suspicion?: Suspicion;
}

/**
 * Begins a recovery, or joins the one that is under way. From its commit on, the store gives out no
 * address, and every node reports what its pods hold.
 *
 * @throws StoreFailure, IpamError.
 */
export function beginRecovery(ports: Ports, options: CallOptions): Promise<Begun> {
  return untilWon("begin the recovery", async () => {
    const present = await readIdentity(ports, options);
    if (present !== undefined) refuseNewer(present.record.version, "the store's identity");
    if (present?.record.state === "moved")
      throw new IpamError("storeCannotWrite", describeMove(present.record), OUT_OF_MOVE);
    const { recovery: underWay, state } = present?.record ?? {};
    if (state === "recovering" && underWay !== undefined)
      return { recovery: underWay, begun: false, made: false };
    const recovery = crypto.randomUUID();
    const { suspicion, ...base } = present?.record ?? newIdentity();
    const formerRecoveries = withFormer(base.formerRecoveries, underWay);
    const record: MetaRecord = { ...base, state: "recovering", recovery, ...formerRecoveries };
    const won = await replaceIdentity(record, present, ports, options);
    const begun = { recovery, begun: true, made: present === undefined, ...(suspicion && { suspicion }) };
    return won ? begun : undefined;
  });
}

/**
 * Ends the recovery: the store gives out addresses again. A second call changes nothing.
 *
 * @throws IpamError tryAgain where another recovery has begun meanwhile, or a node has stopped all.
 */
export async function endRecovery(recovery: string, ports: Ports, options: CallOptions): Promise<void> {
  await untilWon("end the recovery", async () => {
    const present = await readIdentity(ports, options);
    if (present?.record.recovery !== recovery)
      throw runAgain("somebody has begun another recovery of the store meanwhile");
    if (present.record.state === "ready") return true;
    if (present.record.state === "suspect")
      throw runAgain("the store was thrown back meanwhile, and a node has stopped all nodes");
    const record: MetaRecord = { ...present.record, state: "ready", epoch: nextEpoch(present.record) };
    const won = await replaceIdentity(record, present, ports, options);
    return won ? true : undefined;
  });
}

function runAgain(message: string): IpamError {
  return new IpamError("tryAgain", message, "run 'kube-ipam recover' again");
}
