import { CAPS } from "../../address/caps.ts";
import { cidrInterval, parseCidr } from "../../address/cidr.ts";
import { cut } from "../../address/cut.ts";
import { findOverlap, merged } from "../../address/interval.ts";
import { pastDamage } from "../integrity/damage.ts";
import { outsideOf } from "../integrity/outside.ts";
import { DEFAULT_SPACE } from "../network.ts";
import { definitionsInForce, newestOf } from "../network-definitions.ts";
import { type NetworkDefinition, type NetworkRecord, RECORD_VERSION } from "../records.ts";
import { type Guard, type Put, StoreFailure } from "../store-port.ts";
import type { Attempt } from "../view/attempt.ts";
import { networkRef, type View } from "../view/view.ts";
import { FIRST } from "../wish/pod-networks.ts";
import { definitionOf, type Learnt, learnDefinition } from "./learn-definition.ts";

interface Recording {
  readonly guards: readonly Guard[];
  readonly puts: readonly Put[];
  /** What is worth a line in the log once the transaction has won; the record itself is the memory of what was told. */
  readonly drift?: Drift;
}

/** A definition that the store did not know of a network's name. */
export interface Drift {
  readonly known: NetworkRecord;
  readonly news: NonNullable<Learnt["news"]>;
}

const NOTHING: Recording = { guards: [], puts: [] };

/**
 * The writes that record the network's configuration (docs/design.md section 6); none where the store knows it. Refuses
 * nothing: uniqueness lies in the address space, so that a network may grow, shrink and move, and several may have one
 * name.
 */
export function recordNetwork(attempt: Attempt, view: View): Recording {
  const { attachment, network } = attempt.request;
  const { record: known, revision = 0 } = view.network ?? {};
  // A newer program's record has more than this program could write.
  if (known !== undefined && known.version > RECORD_VERSION) return NOTHING;
  const learnt = learnDefinition(known, definitionOf(network), {
    further: attachment.ifname !== FIRST,
    ofNode: isOfNode(attempt),
    age: view.snapshot.revision - revision,
  });
  if (learnt === undefined) return NOTHING;
  const { record, news } = learnt;
  const ref = networkRef(attempt);
  const isTold = known !== undefined && news !== undefined && !isOfNode(attempt);
  return { guards: [{ ref, revision }], puts: [{ ref, record }], ...(isTold && { drift: { known, news } }) };
}

function isOfNode({ ports, request }: Attempt): boolean {
  return request.network.nodeLocal === true && ports.store.description.shared;
}

/** So many addresses are told that lie outside. */
const MOST_TOLD = 16;

/** Warns of another definition, and of what this node's attachments hold outside of it. Never throws. */
export async function tellDrift(attempt: Attempt, { known, news }: Drift): Promise<void> {
  const { ports, request } = attempt;
  const { name } = request.network;
  const current = definitionOf(request.network);
  if (news === "more") {
    ports.log(
      "warn",
      `network '${name}' is used with more than ${CAPS.definitions} configurations; the store keeps no more of them: ` +
        "give networks of their own names of their own, or set nodeLocal: true where each node has subnets of its own",
      { now: describe(current) },
    );
    return;
  }
  ports.log(
    "warn",
    `the configuration of network '${name}' differs from the one that the store recorded last${hint(current, known, attempt)}`,
    { before: describe(newestOf(known)), now: describe(current) },
  );
  const outside = await heldOutside(attempt).catch((failure: unknown) => {
    if (failure instanceof StoreFailure) return [];
    throw failure;
  });
  if (outside.length === 0) return;
  const more = outside.length > MOST_TOLD ? ` and ${outside.length - MOST_TOLD} more` : "";
  ports.log(
    "warn",
    `${outside.slice(0, MOST_TOLD).join(", ")}${more} of network '${name}' on this node now lies outside of what its ` +
      "configuration gives out; its attachment keeps it until its DEL",
  );
}

/** The addresses of this node's attachments that the new configuration would not give out, each with its container. */
async function heldOutside({ ports, request, options }: Attempt): Promise<string[]> {
  const { network } = request;
  const scope = { kind: "attachment", node: ports.node.name, network: network.name } as const;
  const outside: string[] = [];
  for await (const { record } of ports.store.list(scope, pastDamage(options, ports)))
    for (const text of outsideOf(network, record))
      outside.push(`${text} (container ${record.holder.attachment.container})`);
  return outside;
}

function hint(current: NetworkDefinition, known: NetworkRecord, { ports, request }: Attempt): string {
  const others = definitionsInForce(known);
  if (others.every(({ space }) => space !== current.space))
    return `: it has address space '${current.space}' here and '${known.space}' there; what is held stays where it is until its DEL`;
  const isShared = ports.store.description.shared && request.network.nodeLocal !== true;
  return isShared && !others.some((other) => overlap(other, current))
    ? ": they have no address in common; where each node has subnets of its own, set nodeLocal: true"
    : "";
}

function overlap(a: NetworkDefinition, b: NetworkDefinition): boolean {
  const intervals = ({ subnets }: NetworkDefinition) => merged(subnets.map(parseCidr).map(cidrInterval));
  return findOverlap([...intervals(a), ...intervals(b)], (interval) => interval) !== undefined;
}

/** So many characters of a definition are told. */
const MOST_DESCRIBED = 512;

function describe({ space, subnets, detail }: NetworkDefinition): string {
  const where = space === DEFAULT_SPACE ? "" : `addressSpace ${space} `;
  return cut(`${where}${detail ?? subnets.join(", ")}`, MOST_DESCRIBED);
}
