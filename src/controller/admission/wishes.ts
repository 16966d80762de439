import { cidrInterval, parseCidr } from "../../address/cidr.ts";
import type { Interval } from "../../address/interval.ts";
import type { Network } from "../../ipam/network.ts";
import { type Annotations, readAnnotations } from "../../ipam/wish/annotations.ts";
import { furtherNetworks } from "../../ipam/wish/further-networks.ts";
import type { FixedAddress } from "../../ipam/wish.ts";

/** What a pod's annotations want, wherever it will be attached. */
export interface Wishes {
  /** Addresses asked for by name, with the network or interface that the key names. */
  readonly fixed: readonly (FixedAddress & Speaking)[];
  readonly sets: readonly (Speaking & { readonly source: string; readonly intervals: readonly Interval[] })[];
}

interface Speaking {
  readonly suffix?: string;
}

const ADDRESS_KEY = /^kube-ipam\.(ip|netmask|gateway)(\/|$)/;
const SET_KEY = /^kube-ipam\.ips(\/|$)/;

/**
 * Reads the annotations with the plugin's own parser, as a network would that has every address. Which
 * networks a pod will have is not known here, so that only what no network could read is an error.
 *
 * @throws IpamError annotationMalformed naming key, value and what would be right.
 */
export function readWishes(annotations: Annotations): Wishes {
  // With several networks one of them may have the address, and another one the set.
  const parts =
    furtherNetworks(annotations).length > 0
      ? [without(annotations, SET_KEY), without(annotations, ADDRESS_KEY)]
      : [annotations];
  const fixed: Wishes["fixed"][number][] = [];
  const sets: Wishes["sets"][number][] = [];
  for (const part of parts) {
    for (const suffix of suffixesOf(part)) {
      const speaking = suffix === undefined ? {} : { suffix };
      const wish = readAnnotations(part, { network: everywhere(suffix ?? ""), ifname: suffix ?? "" });
      fixed.push(...wish.fixed.filter(isOf(suffix)).map((each) => ({ ...each, ...speaking })));
      const source = keyOf("ips", suffix);
      if (wish.set !== undefined && (part[source] ?? "").trim() !== "")
        sets.push({ ...speaking, source, intervals: wish.set });
    }
  }
  return { fixed, sets };
}

/** The plain keys, and each network or interface that a key names. */
function suffixesOf(annotations: Annotations): (string | undefined)[] {
  const named = Object.keys(annotations).flatMap((key) => /^kube-ipam\.[a-z]+\/(.+)$/.exec(key)?.[1] ?? []);
  return [undefined, ...new Set(named)];
}

/** Where a suffix has no such key of its own, the plain one is read again; it is counted once. */
function isOf(suffix: string | undefined): (each: FixedAddress) => boolean {
  return ({ source }) => source === keyOf("ip", suffix);
}

function keyOf(word: "ip" | "ips", suffix: string | undefined): string {
  return suffix === undefined ? `kube-ipam.${word}` : `kube-ipam.${word}/${suffix}`;
}

function without(annotations: Annotations, keys: RegExp): Annotations {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => !keys.test(key)));
}

function everywhere(name: string): Network {
  const ranges = ["0.0.0.0/0", "::/0"].map((text) => {
    const subnet = parseCidr(text);
    return { subnet, dynamic: cidrInterval(subnet) };
  });
  return { name, space: "", sets: [{ ranges }], exclude: [], coolingSeconds: 0, requireInit: false };
}
