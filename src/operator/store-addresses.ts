import type { Address } from "../address/address.ts";
import { type Interval, isOneAddress } from "../address/interval.ts";
import { IpamError } from "../ipam/errors.ts";
import { releaseByOperator } from "../ipam/free/operator-release.ts";
import { pastDamage } from "../ipam/integrity/damage.ts";
import type { Ports } from "../ipam/ports.ts";
import type { ReservationRecord } from "../ipam/records.ts";
import { reserveAddress } from "../ipam/reserve/reserve.ts";
import { reserveRange, unreserveRange } from "../ipam/reserve/reserve-range.ts";
import { unreserveAddress } from "../ipam/reserve/unreserve.ts";
import type { CallOptions, Damage } from "../ipam/store-port.ts";
import { readAddressStatus } from "./address-status.ts";
import type { Addresses } from "./addresses.ts";
import type { Limit } from "./limit.ts";
import { listItems } from "./list-items.ts";
import { spacesOf } from "./spaces.ts";

/** What the configuration says where an operator does not. */
export interface StoreDefaults {
  /** The address space that is meant where none is named. */
  readonly space: string;
  readonly coolingSeconds: number;
  readonly requireInit: boolean;
}

/**
 * Addresses on the store itself. `limit` holds everything to one Kubernetes namespace: lists show its own, and it changes
 * single addresses that its pods may name.
 */
export function addressesOnStore(
  ports: Ports,
  defaults: StoreDefaults,
  options: CallOptions,
  limit?: Limit,
): Addresses {
  const { store } = ports;
  const past = pastDamage(options, ports);
  const belongs = limit && { namespace: limit.namespace };
  const of = limit && { namespace: limit.namespace, clusterNames: ports.clusterNames };
  const judge = (interval: Interval, space: string) =>
    limit === undefined ? undefined : limit.judge(onlyOne(interval), space);
  return {
    items: (query, { onDamage, ...how } = {}) => {
      const damaged = (each: Damage) => {
        past.damaged(each);
        onDamage?.(each.failure);
      };
      return listItems(store, query, { ...past, ...how, damaged, of });
    },
    status: async (address, space) => {
      const spaces = space === undefined ? await spacesOf(defaults.space, store, past) : [space];
      return Promise.all(spaces.map((each) => readAddressStatus(address, each, ports, options)));
    },
    reserve: async (interval, { space = defaults.space, ...rest }) => {
      const { requireInit } = defaults;
      const share = await judge(interval, space);
      const request = { ...rest, space, requireInit, ...(share && { share }) };
      const done = isOneAddress(interval)
        ? await reserveAddress(interval.first, request, ports, options)
        : await reserveRange(interval, request, ports, options);
      return { ...done, space };
    },
    unreserve: async (interval, space = defaults.space) => {
      await judge(interval, space);
      const reservation = await end(interval, { space, ...belongs }, ports, options);
      return { space, ...(reservation !== "absent" && { reservation }) };
    },
    release: async (address, { space = defaults.space, ...rest }) => {
      const request = { ...rest, ...belongs, space, address, coolingSeconds: defaults.coolingSeconds };
      return { space, released: await releaseByOperator(request, ports, options) };
    },
  };
}

function onlyOne(interval: Interval): Address {
  if (isOneAddress(interval)) return interval.first;
  throw new IpamError("addressNotAllowed", "ranges belong to no namespace", "name one address");
}

async function end(
  interval: Interval,
  scope: { readonly space: string; readonly namespace?: string },
  ports: Ports,
  options: CallOptions,
): Promise<ReservationRecord | "absent"> {
  if (isOneAddress(interval)) return unreserveAddress(interval.first, scope, ports, options);
  const range = await unreserveRange(interval, scope, ports, options);
  return range === "absent" ? range : range.reservation;
}
