import { CAPS } from "../../address/caps.ts";

const LONGEST_BYTES = CAPS.interfaceName;

/** Why a text is no interface name, as CNI and the kernel judge one; undefined for one that is. */
export function interfaceNameFault(text: string): string | undefined {
  if (text === "") return "it is empty";
  if (new TextEncoder().encode(text).length > LONGEST_BYTES)
    return `it is longer than ${LONGEST_BYTES} bytes`;
  if (text === "." || text === "..") return "it is '.' or '..'";
  return /[/:\s]/.test(text) ? "it has '/', ':' or white space" : undefined;
}
