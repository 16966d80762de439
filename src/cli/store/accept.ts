import { type Format, printThing } from "../../command-line/output.ts";
import { IpamError } from "../../ipam/errors.ts";
import { withdrawSuspicion } from "../../ipam/integrity/thrown-back.ts";
import { vouchForStore } from "../../ipam/integrity/vouch.ts";
import type { RememberedStore } from "../../ipam/node-port.ts";
import { refTo } from "../../ipam/ref-to.ts";
import { StoreFailure } from "../../ipam/store-port.ts";
import { openStoreMemory } from "../../node/store-memory.ts";
import { spacesOfNode } from "../ip/spaces.ts";
import type { Session } from "../session/open.ts";

export interface AcceptOptions {
  readonly output: Format;
  readonly space?: string;
}

/**
 * `store accept`: makes this node forget how it knew the store, and take the configured one as it is
 * now. The operator vouches that no pod holds an address that this store does not know; so a suspicion that
 * this node has raised ends too.
 *
 * @throws IpamError storeCannotWrite where another node's suspicion stays; StoreFailure.
 */
export async function acceptStore(given: AcceptOptions, session: Session): Promise<number> {
  const { settings, ports, options } = session;
  const memory = openStoreMemory(`${settings.node.dataDir}/stores`);
  const snapshot = await ports.store.read({ refs: [refTo.meta], exact: true }, options);
  const uuid = snapshot.get(refTo.meta)?.record.uuid;
  const accepted: { space: string; forgotten?: RememberedStore }[] = [];
  const spaces = await spacesOfNode(session, given.space);
  for (const space of spaces) {
    const forgotten = memory.recall(space);
    memory.forget(space);
    accepted.push({ space, ...(forgotten && { forgotten }) });
  }
  await vouchForStore(spaces, ports, options);
  const suspectedBy = await withdrawSuspicion(ports, options).catch((failure) => {
    throw failure instanceof StoreFailure && failure.kind === "refused" ? notAllowed(failure) : failure;
  });
  if (suspectedBy !== undefined) throw stillSuspect(suspectedBy);
  const { kind, location } = ports.store.description;
  return printThing(
    { store: { kind, location, uuid: uuid ?? null, revision: snapshot.revision }, accepted },
    [
      ["Accepted", `${kind} store ${location}`],
      ["UUID", uuid ?? "none yet: the next ADD, or 'kube-ipam store init', creates it"],
      ["Revision", String(snapshot.revision)],
      ...accepted.map(({ space, forgotten }) => [`Space ${space}`, forgottenText(forgotten)] as const),
    ],
    given.output,
  );
}

function stillSuspect(node: string): IpamError {
  return new IpamError(
    "storeCannotWrite",
    `this node accepts the store, but node ${node} has stopped all nodes: the store was thrown back`,
    `run 'kube-ipam recover', or, if no pod of node ${node} holds an address that the store does not know, ` +
      "'kube-ipam store accept' there",
  );
}

/** Nodes stop each other, and only operators let them go on: where the store knows rights, a node has not that one. */
function notAllowed({ message }: StoreFailure): IpamError {
  return new IpamError(
    "storeCannotWrite",
    `this node accepts the store, but its credentials do not end the suspicion that has stopped all nodes: ${message}`,
    "run it here with an operator's: 'kube-ipam store accept --kubeconfig FILE' (docs/security.md says who is one); or run 'kube-ipam recover'",
  );
}

function forgottenText(forgotten: RememberedStore | undefined): string {
  return forgotten === undefined
    ? "nothing was remembered"
    : `forgot store ${forgotten.uuid} at revision ${forgotten.revision}`;
}
