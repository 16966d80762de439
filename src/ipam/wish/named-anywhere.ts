import { type Address, equalAddresses, formatAddress } from "../../address/address.ts";
import { isWithin } from "../../address/interval.ts";
import type { Annotations } from "./annotation.ts";
import { formsOf } from "./annotation-forms.ts";
import { isMeantForUs } from "./annotation-keys.ts";
import { KEY } from "./further-networks.ts";

/** Whether annotations name an address, for whichever network; also where they cannot be read. */
export function namedAnywhere(annotations: Annotations, address: Address): boolean {
  // Multus' list may name addresses, too: its text is enough to be in doubt.
  if (annotations[KEY]?.includes(formatAddress(address))) return true;
  if (!Object.keys(annotations).some(isMeantForUs)) return false;
  try {
    const forms = formsOf(annotations);
    const named = forms.addresses
      .flatMap(({ read }) => read())
      .some((each) => equalAddresses(each.address, address));
    return named || forms.set.some(({ read }) => isWithin(address, read()));
  } catch {
    return true;
  }
}
