import { CAPS } from "../address/caps.ts";
import { isDnsLabel, isDnsSubdomain } from "../address/dns-name.ts";
import { NOTE_KIND, OWN_KINDS } from "../ipam/own-kinds.ts";
import type { Owner } from "../ipam/records.ts";

/** But for tab and line feed. */
const CONTROL = /(?![\t\n])\p{Cc}/u;

/**
 * Why nothing can be reserved for an owner of these names; undefined where it can. Kubernetes' own rules of names, and
 * none of the kinds that only our own records have, but for a remark.
 */
export function ownerFault({ kind, name, namespace }: Owner): string | undefined {
  if (kind === NOTE_KIND) return remarkFault(name, namespace);
  if (!/^[A-Z]([A-Za-z0-9-]*[A-Za-z0-9])?$/.test(kind) || kind.length > CAPS.ownerKind)
    return "the kind is no kind of Kubernetes";
  if (OWN_KINDS.has(kind)) return `kube-ipam's own records are of kind '${kind}'`;
  if (!isDnsLabel(namespace)) return "the namespace is no DNS label";
  return isDnsSubdomain(name) ? undefined : "the name is no DNS subdomain";
}

/** Why a text is no note of a reservation; undefined where it is one. */
export function noteFault(note: string): string | undefined {
  if (note.length > CAPS.note) return `it is longer than ${CAPS.note} characters`;
  return CONTROL.test(note) ? "it has control characters" : undefined;
}

function remarkFault(remark: string, namespace: string): string | undefined {
  if (namespace !== "") return "a remark belongs to no namespace";
  if (remark.trim() === "") return "the remark is empty";
  if (remark.length > CAPS.remark) return `the remark is longer than ${CAPS.remark} characters`;
  return CONTROL.test(remark) ? "the remark has control characters" : undefined;
}
