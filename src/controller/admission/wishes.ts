import type { Address } from "../../address/address.ts";
import type { Cidr } from "../../address/cidr.ts";
import type { Interval } from "../../address/interval.ts";
import { type RangeSet, rangeAmong } from "../../address/range.ts";
import type { Annotations } from "../../ipam/wish/annotation.ts";
import { type Form, formsOf } from "../../ipam/wish/annotation-forms.ts";
import { applying, readAddresses, requireApart } from "../../ipam/wish/annotations.ts";
import { fillSets } from "../../ipam/wish/fill-sets.ts";
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
  const all: readonly Form<unknown>[] = Object.values(forms).flat();
  for (const { read } of all) read();
  return { fixed, sets };
}

/**
 * Requires that no range set of a network is asked for an address and a list. A scope's own form goes before
 * the plain one, as it does where a pod starts.
 *
 * @throws IpamError annotationMalformed.
 */
export function refuseBothOfOne(annotations: Annotations, sets: readonly RangeSet[]): void {
  const { addresses, set } = formsOf(annotations);
  for (const scope of new Set([...addresses, ...set].map((form) => form.scope))) {
    const scopes = [scope, undefined];
    const named = applying(addresses, scopes).map(({ read }) =>
      read().filter(({ address }) => rangeAmong(sets, address) !== undefined),
    );
    const fixed = fillSets(sets, named).given;
    for (const list of applying(set, scopes)) requireApart(sets, fixed, list, list.read());
  }
}

function suffixOf({ scope }: { readonly scope?: string }): Suffixed {
  return scope === undefined ? {} : { suffix: scope };
}

function everywhere({ family }: Address): Cidr {
  return { address: { family, value: 0n }, prefix: 0 };
}
