import { formatAddress } from "../../address/address.ts";
import { formatInterval } from "../../address/interval-text.ts";
import { AbsentError } from "../../command-line/failure.ts";
import { type ApiPath, below, rootOf, withQuery } from "../../kubernetes/api/path.ts";
import type { Addresses } from "../../operator/addresses.ts";
import {
  type AddressList,
  API_VERSION,
  type EndedReservation,
  type Release,
  type ReleaseSpec,
  type Reservation,
  type ReservationSpec,
  type SeenAddress,
} from "../../operator/wire.ts";
import { answered } from "./answered.ts";
import { listRemote } from "./list-remote.ts";
import type { Place } from "./place.ts";

/** Addresses as the controller serves them, in one Kubernetes namespace or in all. */
export function remoteAddresses({ api, deadline, namespace }: Place): Addresses {
  const root = rootOf(API_VERSION);
  const folder = namespace === undefined ? root : below(root, "namespaces", namespace);
  const get = async <T>(path: ApiPath, waited = 0) =>
    answered<T>(await api.request(path, deadline + waited), api);
  const post = async <T>(plural: string, kind: string, spec: object) => {
    const body = { apiVersion: API_VERSION, kind, spec };
    const sending = { method: "POST", contentType: "application/json", body } as const;
    return answered<T>(await api.request(below(folder, plural), deadline, sending), api);
  };
  return {
    items: (query, how) =>
      listRemote((path) => get<AddressList>(path, how?.waited?.()), below(folder, "addresses"), query, how),
    status: async (address, space) =>
      (
        await get<SeenAddress>(withQuery(below(folder, "addresses", formatAddress(address)), { space }))
      ).sights.slice(),
    reserve: async (interval, options) => {
      const spec: ReservationSpec = { ...options, address: formatInterval(interval) };
      return (await post<Reservation>("reservations", "Reservation", spec)).status;
    },
    unreserve: async (interval, space) => {
      const path = withQuery(below(folder, "reservations", formatInterval(interval)), { space });
      try {
        return answered<EndedReservation>(await api.request(path, deadline, { method: "DELETE" }), api)
          .status;
      } catch (failure) {
        if (failure instanceof AbsentError) return { space: space ?? "default" };
        throw failure;
      }
    },
    release: async (address, options) => {
      const spec: ReleaseSpec = { ...options, address: formatAddress(address) };
      return (await post<Release>("releases", "Release", spec)).status;
    },
  };
}
