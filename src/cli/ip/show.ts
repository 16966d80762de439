import { type Address, formatAddress, parseAddress } from "../../address/address.ts";
import { intervalContains } from "../../address/interval.ts";
import { describeOwner } from "../../ipam/judge-reservation.ts";
import { addressRefs } from "../../ipam/picture.ts";
import type { AllocationRecord, Holder, ReservationRecord, ReservedRange } from "../../ipam/records.ts";
import type { Session } from "../open.ts";
import { type Format, printThing } from "../output.ts";
import { retention } from "./items.ts";
import { spacesOf } from "./spaces.ts";

export interface ShowOptions {
  readonly output: Format;
  readonly space?: string;
}

/** Everything the store holds about one address in one space. */
interface Sight {
  readonly address: string;
  readonly space: string;
  readonly state: "allocated" | "reserved" | "cooling" | "free";
  readonly allocation?: AllocationRecord;
  readonly reservation?: ReservationRecord;
  readonly reservedRange?: ReservedRange;
  readonly cooling: boolean;
  /** By container: of holders on this node, whether their namespace lives. */
  readonly namespaces?: Readonly<Record<string, string>>;
}

/** `ip show ADDRESS`: all that is known of one address, in every address space that knows it. */
export async function showAddress(address: Address, options: ShowOptions, session: Session): Promise<number> {
  const sights: Sight[] = [];
  for (const space of await spacesOf(session, options.space))
    sights.push(await look(address, space, session));
  const known = sights.filter(({ state }) => state !== "free");
  const shown = known.length > 0 ? known : sights.slice(0, 1);
  return printThing(shown.length === 1 ? shown[0] : shown, shown.flatMap(linesOf), options.output);
}

async function look(address: Address, space: string, { ports, options }: Session): Promise<Sight> {
  const refs = addressRefs(space, address);
  const rangesRef = { kind: "reservedRanges", space } as const;
  const snapshot = await ports.store.read({ refs: [...refs, rangesRef] }, options);
  const allocation = snapshot.get(refs[0])?.record;
  const reservation = snapshot.get(refs[1])?.record;
  const cooling = snapshot.get(refs[2]) !== undefined;
  const reservedRange = snapshot.get(rangesRef)?.record.ranges.find((range) => holds(range, address));
  const state = allocation
    ? "allocated"
    : (reservation ?? reservedRange)
      ? "reserved"
      : cooling
        ? "cooling"
        : "free";
  const own = allocation?.holders.filter(({ node }) => node === ports.node.name) ?? [];
  const stateOf = ({ attachment, namespace, bootId }: Holder) =>
    [attachment.container, ports.node.namespaceState(namespace, bootId)] as const;
  return {
    address: formatAddress(address),
    space,
    state,
    ...(allocation && { allocation }),
    ...(reservation && { reservation }),
    ...(reservedRange && { reservedRange }),
    cooling,
    ...(own.length > 0 && { namespaces: Object.fromEntries(own.map(stateOf)) }),
  };
}

function holds({ first, last }: ReservedRange, address: Address): boolean {
  return intervalContains({ first: parseAddress(first), last: parseAddress(last) }, address);
}

type Line = readonly [string, string | undefined];

function linesOf({ address, space, state, allocation, reservation, reservedRange, ...rest }: Sight): Line[] {
  const range = reservedRange && `${reservedRange.first}-${reservedRange.last}`;
  return [
    ["Address", address],
    ["Space", space],
    [
      "State",
      state === "cooling" ? "cooling (freed a moment ago; given out again when nothing else is free)" : state,
    ],
    ["Origin", allocation?.origin],
    ["Since", allocation?.since],
    ...(allocation?.holders ?? []).flatMap((holder) => holderLines(holder, rest.namespaces)),
    ...reservationLines(reservation),
    ...(range === undefined ? [] : ([["Reserved range", range]] as Line[])),
    ...reservationLines(reservedRange?.reservation),
  ];
}

function holderLines(
  { attachment, pod, node, namespace, cluster }: Holder,
  states: Sight["namespaces"],
): Line[] {
  const state = states?.[attachment.container];
  return [
    ["Network", attachment.network],
    ["Pod", pod && `${pod.namespace}/${pod.name}${pod.uid === undefined ? "" : ` (${pod.uid})`}`],
    ["Node", node],
    ["Container", attachment.container],
    ["Interface", attachment.ifname],
    ["Namespace", `${namespace.path || "unknown"}${state === undefined ? "" : ` (${state})`}`],
    ["Cluster", cluster],
  ];
}

function reservationLines(reservation: ReservationRecord | undefined): Line[] {
  if (reservation === undefined) return [];
  return [
    ["Reserved for", describeOwner(reservation.owner)],
    ["Reserved by", reservation.kind === "operator" ? "an operator" : "the pod's own ADD"],
    ["Retain", retention(reservation.retain)],
    ["Note", reservation.note],
    ["Reserved since", reservation.since],
  ];
}
