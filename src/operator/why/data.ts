import { formatAddress } from "../../address/address.ts";
import { formatInterval } from "../../address/interval-text.ts";
import type { IpamError } from "../../ipam/errors.ts";
import type { Prospect } from "../../ipam/explain/explain.ts";
import type { Annotations } from "../../ipam/wish/annotation.ts";
import type { Wish } from "../../ipam/wish.ts";
import type { Answer, Explained } from "./answer.ts";
import { writtenWishes } from "./written-wishes.ts";

/** The answer for programs. */
export function dataOf({ pod, live, shown, interfaces, misplaced, kubernetes }: Answer): object {
  return {
    pod: { ...pod, ...(live && { uid: live.uid }) },
    ...(live && {
      node: live.nodeName ?? null,
      deleting: live.deleting,
      finished: live.finished,
      shows: [...shown],
    }),
    kubernetes: kubernetes ?? null,
    ...(misplaced.length > 0 && { misplaced }),
    interfaces: interfaces.map((each) => interfaceOf(each, live?.annotations ?? {})),
  };
}

function interfaceOf(
  { ifname, name, network, note, held, explanation }: Explained,
  annotations: Annotations,
): object {
  const written = network === undefined ? writtenWishes(annotations, ifname, name) : [];
  return {
    ifname,
    network: name ?? null,
    ...(network && { knownBy: network.knownBy, space: network.network.space }),
    ...(note !== undefined && { note }),
    ...(written.length > 0 && { written }),
    ...(explanation?.wish && { wish: wishOf(explanation.wish) }),
    has: held,
    asks: (explanation?.addresses ?? []).map(prospectOf),
    ...(explanation !== undefined && explanation.formerly.length > 0 && { hadBefore: explanation.formerly }),
    ...(explanation?.refusal && { refusal: refusalOf(explanation.refusal) }),
  };
}

function wishOf({ fixed, set, sticky, retain, owner, passedOn }: Wish): object {
  return {
    fixed: fixed.map(({ address, source }) => ({ address: formatAddress(address), source })),
    ...(set && { set: set.map(formatInterval) }),
    sticky,
    retain,
    ...(passedOn && { passedOn }),
    ...(owner && { owner: owner.owner, ...(owner.ordinal !== undefined && { ordinal: owner.ordinal }) }),
  };
}

function prospectOf({ refusal, ...prospect }: Prospect): object {
  return { ...prospect, ...(refusal && { refusal: refusalOf(refusal) }) };
}

function refusalOf({ name, code, message, details }: IpamError): object {
  return { name, code, message, next: details };
}
