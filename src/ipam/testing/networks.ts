import { cidrInterval, parseCidr } from "../../address/cidr.ts";
import type { Network } from "../network.ts";

/** A network of one range set per subnet, each with the first host as gateway. */
export function network(name: string, ...subnets: readonly string[]): Network {
  return {
    name,
    space: "default",
    sets: subnets.map((text) => {
      const subnet = parseCidr(text);
      const gateway = { ...subnet.address, value: subnet.address.value + 1n };
      return { ranges: [{ subnet, dynamic: cidrInterval(subnet), gateway }] };
    }),
    exclude: [],
    coolingSeconds: 60,
    requireInit: false,
  };
}
