import { CAPS } from "../../address/caps.ts";

/** What CNI lets a network be called, no longer than a store and a message should repeat (CAPPED). */
export function isCniName(text: string): boolean {
  return cniNameFault(text) === undefined;
}

/** Why a network, or an address space, cannot be called so; undefined where it can. */
export function cniNameFault(text: string): string | undefined {
  return nameFault(text, CAPS.name);
}

/** The same of a container's ID. */
export function isContainerId(text: string): boolean {
  return containerIdFault(text) === undefined;
}

/** Why a text is no ID of a container; undefined for one that is. */
export function containerIdFault(text: string): string | undefined {
  return nameFault(text, CAPS.containerId);
}

function nameFault(text: string, most: number): string | undefined {
  if (text.length > most) return `it has ${text.length} characters, more than ${most}`;
  return /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(text)
    ? undefined
    : "expected letters, digits, '_', '.' and '-', beginning with a letter or digit";
}
