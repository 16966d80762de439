import { type Address, formatAddress, tryParseAddress } from "./address.ts";

/** An address as a file or a key is named, perhaps by hand. */
export interface SpelledAddress {
  readonly address: Address;
  /** Whether it is the canonical text, as Go writes it, and with it the plugins that name files so. */
  readonly canonical: boolean;
  /** What makes the reading doubtful. */
  readonly doubt?: string;
}

const LEADING_ZEROS = /^0+(?=[0-9])/;

/**
 * The address that a name means, however it is spelled; `parseAddress` is for what people configure. On Windows '_'
 * stands for ':'. Leading zeros are read as decimal, as Go once did; others take them for octal.
 *
 * @returns undefined for a name that is no address in any spelling.
 */
export function trySpelledAddress(name: string): SpelledAddress | undefined {
  const text = name.replaceAll("_", ":");
  const address = tryParseAddress(text);
  if (address !== undefined) return { address, canonical: formatAddress(address) === text };
  const decimal = tryParseAddress(
    name
      .split(".")
      .map((part) => part.replace(LEADING_ZEROS, ""))
      .join("."),
  );
  if (decimal?.family !== 4) return undefined;
  const doubt = `its name has leading zeros: read as ${formatAddress(decimal)}`;
  return { address: decimal, canonical: false, doubt };
}
