import { IpamError } from "../errors.ts";
import { describeMove } from "../in-words.ts";
import type { MetaRecord } from "../records.ts";
import type { Store } from "../store-port.ts";

/** The store in words. */
export function nameOf({ description: { kind, location } }: Pick<Store, "description">): string {
  return `${kind} store ${location}`;
}

export function nothingToMove(source: Store): IpamError {
  return refusal(
    `the ${nameOf(source)} has no identity: there is nothing to move`,
    "name the store that the nodes use with --config",
  );
}

export function inUse(target: Store, { state, uuid }: MetaRecord): IpamError {
  return refusal(
    `the ${nameOf(target)} is in use: it is store ${uuid} in state '${state}'`,
    "a move needs a target without records, or the store that it came from; if nobody uses it, delete its records",
  );
}

export function notReady(source: Store, meta: MetaRecord): IpamError {
  if (meta.state === "moved")
    return refusal(
      `the ${nameOf(source)} is no source: ${describeMove(meta)}`,
      "name the store where the address spaces live with --config, and this one with --to",
    );
  return refusal(
    `the ${nameOf(source)} is in state '${meta.state}'`,
    "run 'kube-ipam recover' first: only a store that gives out addresses can be moved",
  );
}

export function movedElsewhere(source: Store, meta: MetaRecord): IpamError {
  return refusal(
    `the ${nameOf(source)} was moved, but not to this target: ${describeMove(meta)}`,
    "name that one with --to",
  );
}

export function takenBack(): IpamError {
  return refusal("the move is being taken back", "run 'kube-ipam store move --abort' again to finish that");
}

export function openAlready(target: Store): IpamError {
  return refusal(
    `the ${nameOf(target)} is open: nodes may have got addresses from it`,
    "move back: name it with --config, and the other store with --to",
  );
}

export function changedMeanwhile(): IpamError {
  return new IpamError(
    "tryAgain",
    "another command has gone on with the move or taken it back meanwhile",
    "see 'kube-ipam store move --status', and run it again",
  );
}

function refusal(message: string, remedy: string): IpamError {
  return new IpamError("storeCannotWrite", message, remedy);
}
