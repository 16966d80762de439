import { CAPS } from "./caps.ts";

/** A DNS label (RFC 1123): lower case letters, digits and '-', at most 63. */
export function isDnsLabel(text: string): boolean {
  return text.length <= CAPS.namespace && LABEL.test(text);
}

/** A DNS subdomain (RFC 1123): labels with dots between them, at most 253 characters. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= CAPS.objectName && text.split(".").every((part) => LABEL.test(part));
}

const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
