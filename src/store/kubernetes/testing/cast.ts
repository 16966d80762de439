import { formatAddress, parseAddress } from "../../../address/address.ts";
import type { Ref } from "../../../ipam/records.ts";
import { refTo } from "../../../ipam/ref-to.ts";
import type { Put, Transaction } from "../../../ipam/store-port.ts";

/** What the transactions of the model are about. */
export const SPACE = "default";
export const V4 = ["10.1.2.2", "10.1.2.3", "10.1.2.4"].map((text) => parseAddress(text));
export const V6 = ["fd00::2", "fd00::3"].map((text) => parseAddress(text));
export const META = refTo.meta;
export const RANGES = refTo.reservedRanges(SPACE);
export const OWNERS = ["o1", "o2", "o3", "o4", "o5"].map((name) =>
  refTo.owner(SPACE, { kind: "StatefulSet", namespace: "shop", name }),
);

/** Every record of the model says which write it is of. */
export interface Stamped {
  readonly stamp: string;
}

export function attachmentOf(node: string, container: string) {
  return refTo.attachment(node, { network: "lan", container, ifname: "eth0" });
}

/** A record of a kind, of one write. */
export function put(ref: Ref, stamp: string, more: object = {}): Put {
  const owner = { kind: "StatefulSet", namespace: "shop", name: "o1" };
  const byKind: Partial<Record<Ref["kind"], object>> = {
    meta: { uuid: "u", state: "ready" },
    attachment: { space: SPACE, addresses: [], prefixes: [24], gateways: [null], origin: "dynamic" },
    allocation: { holders: [], origin: "dynamic" },
    reservation: { owner, kind: "automatic", retain: "workload" },
    owner: { owner, addresses: [] },
    reservedRanges: { ranges: [] },
  };
  return { ref, record: { version: 1, ...byKind[ref.kind], ...more, stamp } } as unknown as Put;
}

/** What an attachment gets: its own record, and an allocation of each address. */
export function putHeld(
  node: string,
  container: string,
  addresses: readonly (typeof V4)[number][],
  stamp: string,
): Put[] {
  const holder = {
    attachment: { network: "lan", container, ifname: "eth0" },
    node,
    nodeVerified: false,
    bootId: "b",
    namespace: { path: `/run/netns/${container}` },
    requestId: stamp,
  };
  const texts = addresses.map(formatAddress);
  return [
    put(attachmentOf(node, container), stamp, { addresses: texts, holder }),
    ...addresses.map((address) => put(refTo.allocation(SPACE, address), stamp, { holders: [holder] })),
  ];
}

/** Collects a transaction. */
export class Draft {
  readonly guards: { readonly ref: Ref; readonly revision: number }[] = [];
  readonly puts: Put[] = [];
  readonly deletes: Ref[] = [];

  guard(ref: Ref, revision: number): this {
    this.guards.push({ ref, revision });
    return this;
  }

  done(): Transaction {
    return { guards: this.guards, puts: this.puts, deletes: this.deletes };
  }
}
