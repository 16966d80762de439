import { formatAddress } from "../../address/address.ts";
import { formatCidr, networkOf } from "../../address/cidr.ts";
import type { RangeSet } from "../../address/range.ts";
import type { Route } from "../network-configuration.ts";
import type { ROUTE_ENTRIES } from "../text/entries.ts";
import type { Values, Warn } from "../text/read-shape.ts";
import { wrongValue } from "../text/wrong-value.ts";

type RouteValues = Values<typeof ROUTE_ENTRIES>;

/**
 * The routes of the result (docs/behaviour.md G): host bits of `dst` cleared, all fields of 1.1.0 kept.
 *
 * @throws IpamError invalidConfig for a route without `dst`, or with a gateway of the other family.
 */
export function makeRoutes(routes: readonly RouteValues[], sets: readonly RangeSet[], warn: Warn): Route[] {
  return routes.map((values, index) => {
    const path = `ipam.routes[${index}]`;
    const route = makeRoute(values, path);
    const { family } = route.dst.address;
    if (!sets.some(({ ranges }) => ranges[0]?.subnet.address.family === family)) {
      warn(
        `${path} is for IPv${family}, but this network gives no address of that family: the main plugin may refuse it`,
      );
    }
    return route;
  });
}

function makeRoute({ dst, gw, ...rest }: RouteValues, path: string): Route {
  if (dst === undefined) throw wrongValue(`${path}.dst`, undefined, 'a CIDR such as "0.0.0.0/0"');
  const route = { dst: { address: networkOf(dst), prefix: dst.prefix }, ...rest };
  if (gw === undefined || gw === "none") return route;
  if (gw.family === dst.address.family) return { ...route, gw };
  const expected = `an IPv${dst.address.family} address, as dst is ${formatCidr(dst)}`;
  throw wrongValue(`${path}.gw`, formatAddress(gw), expected);
}
