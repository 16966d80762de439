import type { Address } from "../../address/address.ts";
import { type Format, type Line, printThing } from "../../command-line/output.ts";
import { describeOwner, podName } from "../../ipam/in-words.ts";
import type { Holder, ReservationRecord } from "../../ipam/records.ts";
import type { AddressPlace, AddressStatus } from "../../operator/address-status.ts";
import type { Addresses } from "../../operator/addresses.ts";
import { retention } from "../../operator/columns.ts";

export interface ShowOptions {
  readonly output: Format;
  readonly space?: string;
}

/** `ip show ADDRESS`: prints holder, reservation and state of an address, in every address space that knows it. */
export async function showAddress(
  address: Address,
  options: ShowOptions,
  addresses: Addresses,
): Promise<number> {
  const found = await addresses.status(address, options.space);
  const known = found.filter(({ state }) => state !== "free");
  const shown = known.length > 0 ? known : found.slice(0, 1);
  return printThing(shown.length === 1 ? shown[0] : shown, shown.flatMap(linesOf), options.output);
}

function linesOf({
  address,
  space,
  state,
  allocation,
  reservation,
  reservedRange,
  ...rest
}: AddressStatus): Line[] {
  const range = reservedRange && `${reservedRange.first}-${reservedRange.last}`;
  return [
    ["Address", address],
    ["Space", space],
    [
      "State",
      state === "cooling" ? "cooling (freed a moment ago; given out only when nothing else is free)" : state,
    ],
    ["Origin", allocation?.origin],
    ["Since", allocation?.since],
    ...(allocation?.holders ?? []).flatMap((holder) => holderLines(holder, rest.namespaces)),
    ...reservationLines(reservation),
    ...placeLines(rest.place, reservation, allocation !== undefined),
    ...(range === undefined ? [] : ([["Reserved range", range]] as Line[])),
    ...reservationLines(reservedRange?.reservation),
  ];
}

function holderLines(
  { attachment, pod, node, namespace, cluster }: Holder,
  states: AddressStatus["namespaces"],
): Line[] {
  const state = states?.[attachment.container];
  return [
    ["Network", attachment.network],
    ["Pod", pod && `${podName(pod)}${pod.uid === undefined ? "" : ` (${pod.uid})`}`],
    ["Node", node],
    ["Container", attachment.container],
    ["Interface", attachment.ifname],
    ["Namespace", `${namespace.path || "unknown"}${state === undefined ? "" : ` (${state})`}`],
    ["Cluster", cluster],
  ];
}

/** For which of the owner's pods it waits, what that pod has or asks for besides, and what becomes of this one. */
function placeLines(
  place: AddressPlace | undefined,
  reservation: ReservationRecord | undefined,
  held: boolean,
): Line[] {
  if (place === undefined || reservation === undefined) return [];
  const { network, ifname, slot = "", others } = place;
  const pod = /^\d+$/.test(slot) ? `ordinal ${slot}` : slot;
  const has = others.length === 0 ? undefined : others.join(", ");
  const ends = held && has !== undefined && reservation.retain === "delete";
  return [
    ["Waits for", `${pod === "" ? "" : `${pod}, `}interface ${ifname} in network '${network}'`],
    ["Asked for now", ends ? `${has}; this reservation ends with its holder` : undefined],
    ["Besides", ends ? undefined : has],
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
