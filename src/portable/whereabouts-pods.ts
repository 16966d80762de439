import type { Address } from "../address/address.ts";
import type { PodFacts } from "../ipam/cluster-port.ts";
import {
  hidesBecause,
  networksAsked,
  type ShownPlace,
  shownPlaces,
} from "../ipam/evidence/network-status.ts";
import { podName } from "../ipam/in-words.ts";
import type { PodId } from "../ipam/records.ts";

/** An address of the network that a living pod shows on one of its interfaces. */
export interface Place extends ShownPlace {
  readonly pod: PodFacts;
  /** Whether another interface of the same pod is called so, as Multus names them. */
  readonly hasSibling: (ifname: string) => boolean;
}

/**
 * What is known of the pod that an entry names. "hides": it runs, but may have addresses that it does not show;
 * "starting": its sandbox is being made, and it shows none yet.
 */
export type PodState = "gone" | "starting" | "hides" | "shows";

/** The pods of a cluster, and what those that live show of one network. */
export interface LivePods {
  /** By address in text. Each interface of a pod counts once. */
  readonly places: ReadonlyMap<string, readonly Place[]>;
  stateOf(pod: Pick<PodId, "namespace" | "name"> | undefined): PodState;
  /** What the pod of this name shows of the network. */
  shownBy(pod: Pick<PodId, "namespace" | "name"> | undefined): readonly Address[];
  /** Living pods whose network-status cannot be read. */
  readonly unreadable: readonly string[];
}

/** @param isWanted whether an address is of the network. */
export function livePods(pods: readonly PodFacts[], isWanted: (address: Address) => boolean): LivePods {
  const byName = new Map(pods.map((pod) => [podName(pod), pod]));
  const shown = new Map<string, Place[]>();
  for (const [name, pod] of byName) {
    if (pod.finished) continue;
    const own = shownPlaces(pod);
    const names = new Set(own.flatMap(({ ifname }) => ifname ?? []));
    const places = own
      .filter(({ address }) => isWanted(address))
      .map((place) => ({
        ...place,
        pod,
        hasSibling: (ifname: string) => ifname !== place.ifname && names.has(ifname),
      }));
    shown.set(name, [...new Map(places.map((place) => [keyOf(place), place])).values()]);
  }
  return {
    places: Map.groupBy([...shown.values()].flat(), ({ text }) => text),
    stateOf: (named) => {
      const pod = named && byName.get(podName(named));
      return stateOf(pod, pod && shown.get(podName(pod)));
    },
    shownBy: (pod) =>
      (pod === undefined ? [] : (shown.get(podName(pod)) ?? [])).map(({ address }) => address),
    unreadable: [...byName].flatMap(([name, pod]) =>
      !pod.finished && hidesBecause(pod) === "unreadable" ? [name] : [],
    ),
  };
}

function keyOf({ ifname = "", network = "", text }: ShownPlace): string {
  return JSON.stringify([text, ifname, ifname === "" ? network : ""]);
}

/** @param places what the pod shows of the network. */
function stateOf(pod: PodFacts | undefined, places: readonly Place[] = []): PodState {
  if (pod === undefined || pod.finished || pod.hostNetwork === true) return "gone";
  const hides = hidesBecause(pod);
  // Multus writes its annotation once the sandbox is there.
  if (hides === "unreadable") return "hides";
  if (shownPlaces(pod).length === 0) return "starting";
  const shows = places.length > 0 || networksAsked(pod) === 0;
  return hides === undefined && shows ? "shows" : "hides";
}
