import { type Address, bitsOf, parseAddress } from "../../address/address.ts";
import { cidrContains, parseCidr } from "../../address/cidr.ts";
import type { AuditFinding } from "../audit/types.ts";
import { clusterOfRecords } from "../cluster-names.ts";
import type { PodFacts } from "../cluster-port.ts";
import { uidOfRuntime } from "../evidence/fencing.ts";
import { shownAddresses } from "../evidence/network-status.ts";
import { untilWon } from "../integrity/until-won.ts";
import { evidenceId } from "../journal-entry.ts";
import { definitionsOf, subnetsOf } from "../network-definitions.ts";
import type { Ports } from "../ports.ts";
import { type AttachmentRecord, type Holder, type NetworkRecord, RECORD_VERSION } from "../records.ts";
import { refTo } from "../ref-to.ts";
import type { CallOptions, Entry } from "../store-port.ts";

/** An address that a running pod shows on a node that has not answered. */
export interface Shown {
  readonly space: string;
  readonly address: string;
  readonly pod: PodFacts;
}

/** The addresses among an audit's findings that nobody holds and that pods of silent nodes show. */
export function shownOnSilent(
  findings: readonly AuditFinding[],
  pods: readonly PodFacts[],
  silent: readonly string[],
): Shown[] {
  return findings.flatMap(({ reason, space, address, pods: showing = [] }) => {
    if (reason !== "not-held") return [];
    const pod = pods.find(({ uid }) => showing.some((shown) => shown.uid === uid));
    return pod?.nodeName !== undefined && silent.includes(pod.nodeName) ? [{ space, address, pod }] : [];
  });
}

/**
 * Allocates an address to a pod because of its status alone, until its node answers (and writes the
 * attachment itself) or is fenced. Overwrites nothing.
 *
 * @returns false where somebody holds the address now.
 * @throws StoreFailure, IpamError tryAgain.
 */
export function holdOnEvidence(
  { space, address: text, pod }: Shown,
  networks: readonly Entry<"network">[],
  ports: Ports,
  options: CallOptions,
): Promise<boolean> {
  const address = parseAddress(text);
  const ref = refTo.allocation(space, address);
  const record = recordOf({ space, address: text, pod }, address, networks, ports);
  const entry = refTo.attachment(record.holder.node, record.holder.attachment);
  return untilWon(`hold ${text}`, async () => {
    const snapshot = await ports.store.read({ refs: [ref, entry] }, options);
    if (snapshot.get(ref) !== undefined) return { held: false };
    const { version, origin, holder } = record;
    const allocation = { version, origin, holders: [holder], since: new Date().toISOString() };
    const outcome = await ports.store.commit(
      {
        guards: [
          { ref, revision: 0 },
          { ref: entry, revision: snapshot.get(entry)?.revision ?? 0 },
        ],
        puts: [
          { ref, record: allocation },
          { ref: entry, record },
        ],
        deletes: [],
      },
      options,
    );
    return outcome.won ? { held: true } : undefined;
  }).then(({ held }) => held);
}

function recordOf(
  { space, address: text, pod }: Shown,
  address: Address,
  networks: readonly Entry<"network">[],
  ports: Ports,
): AttachmentRecord {
  const shown = shownAddresses(pod).find((each) => each.text === text);
  const known = networks.find(({ record }) => subnetOf(record, space, address) !== undefined);
  const subnet = known && subnetOf(known.record, space, address);
  const { namespace, name, nodeName = "" } = pod;
  const uid = uidOfRuntime(pod);
  const holder: Holder = {
    attachment: {
      network: known?.ref.name ?? shown?.network ?? "",
      container: evidenceId(uid, text),
      ifname: shown?.ifname ?? "eth0",
    },
    pod: { namespace, name, uid },
    node: nodeName,
    nodeVerified: true,
    bootId: "",
    namespace: { path: "" },
    requestId: evidenceId(uid, text),
    ...clusterOfRecords(ports),
  };
  return {
    version: RECORD_VERSION,
    space,
    addresses: [text],
    prefixes: [subnet?.prefix ?? bitsOf(address.family)],
    gateways: [null],
    origin: "dynamic",
    holder,
  };
}

function subnetOf(record: NetworkRecord, space: string, address: Address) {
  const definitions = definitionsOf(record).filter((definition) => definition.space === space);
  return subnetsOf(definitions)
    .map(parseCidr)
    .find((subnet) => cidrContains(subnet, address));
}
