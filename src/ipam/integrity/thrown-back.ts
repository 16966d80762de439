import { IpamError } from "../errors.ts";
import type { Ports } from "../ports.ts";
import { type MetaRecord, RECORD_VERSION } from "../records.ts";
import type { CallOptions } from "../store-port.ts";
import { newIdentity } from "./identity.ts";
import { refuseNewer } from "./newer.ts";
import { readIdentity, replaceIdentity } from "./replace-identity.ts";
import { untilWon } from "./until-won.ts";
import { WAY_OUT } from "./ways-out.ts";

/**
 * Evidence that the store was thrown back to an earlier state, or emptied: it would give out addresses that
 * are in use, to every node. So whoever has it stops all of them (`suspecting`).
 */
export class ThrownBack extends IpamError {
  /** What happened and how this node knows, for readers on other nodes. */
  readonly why: string;
  /** The recovery that seems to be under way, but is of an earlier time. */
  readonly recovering: string | undefined;

  /** @param happened in words, said of `who`: "this node", or a node's name where others read it. */
  constructor(
    happened: (who: string) => string,
    evidence: string,
    { node }: Pick<Ports, "node">,
    recovering?: string,
  ) {
    super("storeCannotWrite", happened("this node"), `${evidence}; ${WAY_OUT}`);
    this.why = `${happened(`node ${node.name}`)}: ${evidence}`;
    this.recovering = recovering;
  }
}

/**
 * Does the work; where it finds the store thrown back, puts the store into the state "suspect", so that no
 * node gives out an address before the store was recovered, and throws the same.
 *
 * @throws whatever the work throws.
 */
export async function suspecting<T>(work: () => Promise<T>, ports: Ports, options: CallOptions): Promise<T> {
  try {
    return await work();
  } catch (failure) {
    if (failure instanceof ThrownBack) await suspect(failure, ports, options);
    throw failure;
  }
}

/** Best effort: where the store does not take it, this node refuses the store, and tries again with its next look. */
async function suspect(evidence: ThrownBack, ports: Ports, options: CallOptions): Promise<void> {
  const { why } = evidence;
  try {
    const noticed = await putSuspicion(evidence, ports, options);
    if (noticed) ports.log("error", "stopped all nodes: the store was thrown back", { evidence: why });
  } catch (failure) {
    ports.log("error", "could not stop the other nodes, although the store was thrown back", {
      evidence: why,
      reason: String(failure),
    });
  }
}

/** @returns false where the store is under suspicion, or being recovered, already. */
async function putSuspicion(evidence: ThrownBack, ports: Ports, options: CallOptions): Promise<boolean> {
  const { why } = evidence;
  return untilWon("stop all nodes", async () => {
    const present = await readIdentity(ports, options);
    const base = present?.record ?? newIdentity();
    if (base.version > RECORD_VERSION || isStopped(base, evidence)) return { noticed: false };
    const suspicion = { node: ports.node.name, why, since: new Date().toISOString() };
    const record: MetaRecord = { ...base, state: "suspect", suspicion };
    const won = await replaceIdentity(record, present, ports, options);
    return won ? { noticed: true } : undefined;
  }).then(({ noticed }) => noticed);
}

/** In one that was moved away no address can be given out. A recovery of an earlier time stops nobody: its answers are there, and are as old as it is. */
function isStopped({ state, recovery }: MetaRecord, { recovering }: ThrownBack): boolean {
  return state === "suspect" || state === "moved" || (state === "recovering" && recovery !== recovering);
}

/**
 * Ends the suspicion that this node has raised, for an operator who vouches for the store. Another node
 * that has evidence raises its own.
 *
 * @returns the node whose suspicion stays; undefined where none is left.
 * @throws StoreFailure; IpamError tryAgain, storeCannotWrite where a newer program wrote the identity.
 */
export async function withdrawSuspicion(ports: Ports, options: CallOptions): Promise<string | undefined> {
  return untilWon("withdraw the suspicion", async () => {
    const present = await readIdentity(ports, options);
    if (present?.record.state !== "suspect") return {};
    refuseNewer(present.record.version, "the store's identity");
    const { suspicion, ...rest } = present.record;
    if (suspicion !== undefined && suspicion.node !== ports.node.name) return { node: suspicion.node };
    const record: MetaRecord = { ...rest, state: "ready" };
    const won = await replaceIdentity(record, present, ports, options);
    return won ? {} : undefined;
  }).then(({ node }: { readonly node?: string }) => node);
}
