import type { Address } from "../../address/address.ts";
import { type Cidr, cidrInterval } from "../../address/cidr.ts";
import type { Interval } from "../../address/interval.ts";
import type { RangeSet } from "../../address/range.ts";
import type { Annotations } from "../../ipam/wish/annotation.ts";
import { type Form, type Forms, formsOf } from "../../ipam/wish/annotation-forms.ts";
import { applying, readAddresses, requireApart } from "../../ipam/wish/annotations.ts";
import { fillSets } from "../../ipam/wish/fill-sets.ts";
import { furtherNetworks } from "../../ipam/wish/further-networks.ts";
import type { FixedAddress } from "../../ipam/wish.ts";

/** What a pod's annotations want, wherever it will be attached. */
export interface Wishes {
  /** Addresses asked for by name, with the network or interface that the key names. */
  readonly fixed: readonly NamedAddress[];
  readonly sets: readonly NamedSet[];
}

export interface NamedAddress extends FixedAddress, Suffixed {}

export interface NamedSet extends Suffixed {
  readonly source: string;
  readonly intervals: readonly Interval[];
}

interface Suffixed {
  /** The network or interface that the annotation's key names. */
  readonly suffix?: string;
}

/**
 * Reads every annotation with the plugin's own parser. Which networks a pod will have is not known here,
 * so that only what no network could read is an error.
 *
 * @throws IpamError annotationMalformed naming key, value and what would be right.
 */
export function readWishes(annotations: Annotations): Wishes {
  const forms = formsOf(annotations);
  const fixed = forms.addresses.flatMap((form) =>
    readAddresses(form, everywhere).map((each) => ({ ...each, ...suffixOf(form) })),
  );
  const sets = forms.set.map((form) => ({ ...suffixOf(form), source: form.key, intervals: form.read() }));
  // With several networks one of them may have the address, and another one the set.
  if (furtherNetworks(annotations).length === 0) refuseBothOfOne(forms);
  const all: readonly Form<unknown>[] = Object.values(forms).flat();
  for (const { read } of all) read();
  return { fixed, sets };
}

/** A network of one range set for each family, as most are: an address and a list of one family exclude each other. */
const EACH_FAMILY: readonly RangeSet[] = ([4, 6] as const).map((family) => {
  const subnet = everywhere({ family, value: 0n });
  return { ranges: [{ subnet, dynamic: cidrInterval(subnet) }] };
});

/** A scope's own form goes before the plain one, as it does where a pod starts. */
function refuseBothOfOne({ addresses, set }: Forms): void {
  for (const { scope } of [...addresses, ...set]) {
    const scopes = [scope, undefined];
    const named = applying(addresses, scopes).map(({ read }) => read());
    const fixed = fillSets(EACH_FAMILY, named).given;
    for (const list of applying(set, scopes)) requireApart(EACH_FAMILY, fixed, list, list.read());
  }
}

function suffixOf({ scope }: { readonly scope?: string }): Suffixed {
  return scope === undefined ? {} : { suffix: scope };
}

function everywhere({ family }: Address): Cidr {
  return { address: { family, value: 0n }, prefix: 0 };
}
