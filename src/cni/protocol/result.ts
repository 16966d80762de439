import { type Family, formatAddress } from "../../address/address.ts";
import { formatCidr, networkOf } from "../../address/cidr.ts";
import type { Route } from "../../config/network-configuration.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { AllocatedAddress } from "../../ipam/requests.ts";
import type { Dns } from "./resolv-conf.ts";
import { type CniVersion, isAtLeast } from "./versions.ts";

/** The result of an ADD, before it takes the shape of a CNI version. */
export interface AddResult {
  readonly addresses: readonly AllocatedAddress[];
  readonly routes: readonly Route[];
  readonly dns: Dns;
}

/** The result of an ADD in the exact shape of its version (CNI specification, "Add Success"). */
export function formatResult(version: CniVersion, result: AddResult): string {
  return JSON.stringify(
    isAtLeast(version, "0.3.0") ? listShape(version, result) : familyShape(version, result),
  );
}

/** 0.3.0 and later: lists of addresses and routes; a delegated plugin names no interfaces. */
function listShape(version: CniVersion, { addresses, routes, dns }: AddResult): object {
  const withFamily = !isAtLeast(version, "1.0.0");
  return {
    cniVersion: version,
    ips: addresses.map(({ address, prefix, gateway }) => ({
      ...(withFamily && { version: String(address.family) }),
      address: formatCidr({ address, prefix }),
      ...(gateway && { gateway: formatAddress(gateway) }),
    })),
    ...(routes.length > 0 && { routes: routes.map((route) => formatRoute(version, route)) }),
    ...dnsField(version, dns),
  };
}

/** 0.1.0 and 0.2.0: one address a family. */
function familyShape(version: CniVersion, { addresses, routes, dns }: AddResult): object {
  if (addresses.length === 0) throw new IpamError("internal", "there is no address to print");
  const family = (wanted: Family) => {
    const found = addresses.find(({ address }) => address.family === wanted);
    if (found === undefined) return undefined;
    const own = routes.filter(({ dst }) => dst.address.family === wanted);
    return {
      ip: formatCidr(found),
      ...(found.gateway && { gateway: formatAddress(found.gateway) }),
      ...(own.length > 0 && { routes: own.map((route) => formatRoute(version, route)) }),
    };
  };
  const [ip4, ip6] = [family(4), family(6)];
  return { cniVersion: version, ...(ip4 && { ip4 }), ...(ip6 && { ip6 }), ...dnsField(version, dns) };
}

function formatRoute(version: CniVersion, route: Route): object {
  const { dst, gw } = route;
  return {
    dst: formatCidr({ address: networkOf(dst), prefix: dst.prefix }),
    ...(gw && { gw: formatAddress(gw) }),
    ...(isAtLeast(version, "1.1.0") && furtherFields(route)),
  };
}

/** As the CNI library prints them: zero means "not set", but for table and scope. */
function furtherFields({ mtu, advmss, priority, table, scope }: Route): object {
  return {
    ...(mtu && { mtu }),
    ...(advmss && { advmss }),
    ...(priority && { priority }),
    ...(table !== undefined && { table }),
    ...(scope !== undefined && { scope }),
  };
}

/** Until 0.4.0 the library that everybody uses prints an empty object; from 1.0.0 on no key. */
function dnsField(version: CniVersion, dns: Dns): object {
  return Object.keys(dns).length > 0 || !isAtLeast(version, "1.0.0") ? { dns } : {};
}
