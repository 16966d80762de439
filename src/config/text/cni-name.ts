import { CAPS } from "../../address/caps.ts";

/** What CNI lets containers and networks be called, no longer than a store and a message should repeat (CAPPED). */
export function isCniName(text: string): boolean {
  return cniNameFault(text) === undefined;
}

/** Why a text is no name of a container or network; undefined for one that is. */
export function cniNameFault(text: string): string | undefined {
  if (text.length > CAPS.name) return `it has ${text.length} characters, more than ${CAPS.name}`;
  return /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(text)
    ? undefined
    : "expected letters, digits, '_', '.' and '-', beginning with a letter or digit";
}
