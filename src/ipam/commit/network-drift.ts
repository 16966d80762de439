import { cidrInterval, formatCidr, parseCidr } from "../../address/cidr.ts";
import { IpamError } from "../errors.ts";
import { pastDamage } from "../integrity/damage.ts";
import { logOutside } from "../integrity/outside.ts";
import { describeNetwork, type Network } from "../network.ts";
import { type NetworkRecord, RECORD_VERSION } from "../records.ts";
import type { Guard, Put } from "../store-port.ts";
import type { Attempt } from "../view/attempt.ts";
import { networkRef, type View } from "../view/view.ts";
import { FIRST } from "../wish/pod-networks.ts";

interface Recording {
  readonly guards: readonly Guard[];
  readonly puts: readonly Put[];
}

/**
 * Compares the network's configuration with the one that the store recorded last (docs/design.md
 * section 6). Refuses another space, or wholly other subnets, under one name. Logs any other difference
 * and records the new configuration.
 *
 * @returns the writes that record the configuration; none when nothing changed.
 * @throws IpamError invalidConfig when two nodes cannot both be right; StoreFailure.
 */
export async function recordNetwork(attempt: Attempt, view: View): Promise<Recording> {
  const { attachment, network } = attempt.request;
  const known = view.network;
  const further = known?.record.further === true || attachment.ifname !== FIRST;
  const current = { ...networkRecord(network), ...(further && { further }) };
  if (known === undefined) return write(attempt, current, 0);
  requireSameSpace(known.record, network);
  // A newer program's record has more than this program could write.
  if (known.record.version > RECORD_VERSION) return { guards: [], puts: [] };
  if (sameText(known.record.subnets, current.subnets) && known.record.detail === current.detail) {
    const isToldAlready = known.record.further === current.further;
    return isToldAlready ? { guards: [], puts: [] } : write(attempt, current, known.revision);
  }
  await requireCommonSubnet(known.record, current, attempt);
  attempt.ports.log(
    "warn",
    `the configuration of network '${network.name}' differs from the one that the store recorded last`,
    {
      before: `${known.record.subnets.join(", ")} ${known.record.detail ?? ""}`,
      now: `${current.subnets.join(", ")} ${current.detail ?? ""}`,
    },
  );
  await logOutsideHere(attempt);
  return write(attempt, current, known.revision);
}

/** Warns of this node's attachments with addresses outside the new configuration. */
async function logOutsideHere({ ports, request, options }: Attempt): Promise<void> {
  const { network } = request;
  const scope = { kind: "attachment", node: ports.node.name, network: network.name } as const;
  for await (const { record } of ports.store.list(scope, pastDamage(options, ports)))
    logOutside(network, record, ports);
}

function write(attempt: Attempt, record: NetworkRecord, revision: number): Recording {
  const ref = networkRef(attempt);
  return { guards: [{ ref, revision }], puts: [{ ref, record }] };
}

const records = new WeakMap<Network, NetworkRecord>();

function networkRecord(network: Network): NetworkRecord {
  const before = records.get(network);
  if (before !== undefined) return before;
  const record = describe(network);
  records.set(network, record);
  return record;
}

function describe(network: Network): NetworkRecord {
  const subnets = new Set(
    network.sets.flatMap(({ ranges }) => ranges.map(({ subnet }) => formatCidr(subnet))),
  );
  return {
    version: RECORD_VERSION,
    space: network.space,
    subnets: [...subnets].sort(),
    detail: describeNetwork(network),
  };
}

function requireSameSpace(known: NetworkRecord, network: Network): void {
  if (known.space === network.space) return;
  throw new IpamError(
    "invalidConfig",
    `network '${network.name}' has addressSpace '${network.space}' here and '${known.space}' in the store`,
    "a network lives in one address space: use one value on all nodes, or another network name",
  );
}

async function requireCommonSubnet(
  known: NetworkRecord,
  current: NetworkRecord,
  attempt: Attempt,
): Promise<void> {
  const now = new Set(current.subnets);
  if (known.subnets.some((subnet) => now.has(subnet))) return;
  if (await nothingAllocated(known, attempt)) return;
  throw new IpamError(
    "invalidConfig",
    `network '${attempt.request.network.name}' has the subnets ${current.subnets.join(", ")} here ` +
      `and ${known.subnets.join(", ")} in the store`,
    "addresses of the old subnets are still in use: use one configuration on all nodes, or another network name, " +
      "or move the pods first",
  );
}

async function nothingAllocated(known: NetworkRecord, attempt: Attempt): Promise<boolean> {
  const counts = known.subnets.map((subnet) => ({ space: known.space, ...cidrInterval(parseCidr(subnet)) }));
  const answer = await attempt.ports.store.read({ counts }, attempt.options);
  return answer.counts.every(({ allocated }) => allocated === 0);
}

function sameText(a: readonly string[], b: readonly string[]): boolean {
  const sorted = [...b].sort();
  return a.length === b.length && [...a].sort().every((text, index) => text === sorted[index]);
}
