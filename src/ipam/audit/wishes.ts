import { type Address, formatAddress } from "../../address/address.ts";
import { cidrContains, parseCidr } from "../../address/cidr.ts";
import { type Interval, isWithin, oneAddress } from "../../address/interval.ts";
import { formatInterval } from "../../address/interval-text.ts";
import { widestSubnet } from "../../address/range.ts";
import { remembered } from "../../address/remembered.ts";
import type { PodFacts } from "../cluster-port.ts";
import { IpamError } from "../errors.ts";
import { podName } from "../in-words.ts";
import { definitionsOf, subnetsOf } from "../network-definitions.ts";
import type { Entry } from "../store-port.ts";
import { type Form, formsOf } from "../wish/annotation-forms.ts";
import { isHolder, type Scene } from "./scene.ts";
import type { AuditFinding } from "./types.ts";

/** What one annotation of a pod names. */
export interface Named {
  readonly key: string;
  /** One address, or those of a list. */
  readonly intervals: readonly Interval[];
}

/**
 * Finds running pods that have addresses of ours, but none that one of their annotations names: it was left
 * to a network that the pod turned out not to have (docs/design.md section 5), or written afterwards.
 */
export function findUnfulfilled(scene: Scene): AuditFinding[] {
  const held = new Map<string, Entry<"allocation">[]>();
  for (const entry of scene.records.allocations)
    for (const { pod } of entry.record.holders) {
      if (pod === undefined) continue;
      const name = podName(pod);
      const own = held.get(name);
      if (own === undefined) held.set(name, [entry]);
      else own.push(entry);
    }
  return (scene.live?.pods ?? []).flatMap((pod) => {
    if (!isUp(pod)) return [];
    const own = (held.get(podName(pod)) ?? []).filter(({ record }) =>
      record.holders.some((holder) => isHolder(pod, holder)),
    );
    const [first] = own;
    return first === undefined ? [] : ofPod(pod, own, first.ref.space, scene);
  });
}

/** Whether one of the pod's annotations names none of the addresses that it has. */
export function asksForOthers(pod: PodFacts, has: readonly { readonly address: Address }[]): boolean {
  if (!isUp(pod)) return false;
  return wishesNamed(pod).some(({ intervals }) => !has.some(({ address }) => isWithin(address, intervals)));
}

function isUp({ deleting, finished, podIPs }: PodFacts): boolean {
  return !finished && !deleting && podIPs.length > 0;
}

/** So many intervals of a list are told. */
const MOST_TOLD = 4;

function ofPod(
  pod: PodFacts,
  own: readonly Entry<"allocation">[],
  space: string,
  scene: Scene,
): AuditFinding[] {
  const named = wishesNamed(pod);
  const has = own.map(({ ref }) => ref.address);
  const isGiven = ({ intervals }: Named) => has.some((address) => isWithin(address, intervals));
  const given = has.filter((address) => named.some(({ intervals }) => isWithin(address, intervals)));
  // A key for the interface goes before the plain one: then another address of the subnet is named, too.
  const yields = ({ intervals }: Named) =>
    intervals.every(({ first }) => given.some((address) => shareSubnet(address, first, scene)));
  return named
    .filter((each) => !isGiven(each) && !yields(each))
    .map(({ key, intervals }) => {
      const text = `${intervals.slice(0, MOST_TOLD).map(formatInterval).join(", ")}${intervals.length > MOST_TOLD ? ", …" : ""}`;
      const [address] = intervals.map(({ first }) => formatAddress(first));
      return {
        kind: "wish",
        reason: "not-given",
        id: `not-given ${space} ${pod.uid} ${key} ${text}`,
        space,
        address: address ?? "",
        pods: [{ namespace: pod.namespace, name: pod.name, uid: pod.uid }],
        what: `pod ${podName(pod)} names ${text} (${key}), but none of its interfaces has it`,
        remedy:
          `no network of the pod took the wish, or the annotation is younger than the pod: see 'kube-ipam why ${podName(pod)}', ` +
          "correct the key, then delete the pod",
      };
    });
}

function shareSubnet(a: Address, b: Address, { records }: Scene): boolean {
  const subnet = widestSubnet(allSubnets(records.networks), a);
  return subnet !== undefined && cidrContains(subnet, b);
}

const allSubnets = remembered((networks: Scene["records"]["networks"]) =>
  networks.flatMap(({ record }) => subnetsOf(definitionsOf(record)).map(parseCidr)),
);

/** Annotations that cannot be read name nothing here: the next ADD refuses them. */
export function wishesNamed({ annotations }: Pick<PodFacts, "annotations">): Named[] {
  try {
    const { addresses, set } = formsOf(annotations);
    return [
      ...addresses.flatMap((form) =>
        readOr(form).map(({ address }) => ({ key: form.key, intervals: [oneAddress(address)] })),
      ),
      ...set.flatMap((form) => {
        const intervals = readOr(form);
        return intervals.length === 0 ? [] : [{ key: form.key, intervals }];
      }),
    ];
  } catch (failure) {
    if (failure instanceof IpamError) return [];
    throw failure;
  }
}

function readOr<T>({ read }: Form<readonly T[]>): readonly T[] {
  try {
    return read();
  } catch (failure) {
    if (failure instanceof IpamError) return [];
    throw failure;
  }
}
