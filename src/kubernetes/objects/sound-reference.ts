import { CAPS } from "../../address/caps.ts";
import { isDnsSubdomain } from "../../address/dns-name.ts";
import type { OwnerReference } from "../../ipam/cluster-port.ts";
import { isApiVersion } from "../api/path.ts";

declare const sound: unique symbol;

/**
 * An owner reference as Kubernetes' own objects have them. The API server checks nothing of a reference but that its
 * parts are not empty: without these rules, who may make a pod could name other objects by it, and store what it likes.
 */
export type SoundReference = OwnerReference & { readonly [sound]: true };

/** Which part of a reference cannot be, and what would be right. */
export interface ReferenceFault {
  readonly part: "apiVersion" | "kind" | "name" | "uid";
  readonly value: string;
  readonly expected: string;
}

/** The reference, or what is wrong with it. */
export function readReference(reference: OwnerReference): SoundReference | ReferenceFault {
  const wrong = RULES.find(({ part, isRight }) => !isRight(reference[part]));
  if (wrong === undefined) return reference as SoundReference;
  return { part: wrong.part, value: reference[wrong.part], expected: wrong.expected };
}

export function isFault(read: SoundReference | ReferenceFault): read is ReferenceFault {
  return "expected" in read;
}

/** Whether an object can be called so, by kind, name and, where it has them, apiVersion and UID. */
export function isSoundOwner(owner: {
  readonly kind: string;
  readonly name: string;
  readonly uid?: string;
  readonly apiVersion?: string;
}): boolean {
  return RULES.every(({ part, isRight }) => owner[part] === undefined || isRight(owner[part]));
}

interface Rule extends Pick<ReferenceFault, "part" | "expected"> {
  readonly isRight: (text: string) => boolean;
}

const RULES: readonly Rule[] = [
  {
    part: "apiVersion",
    expected: "group and version of an API, such as apps/v1",
    isRight: isApiVersion,
  },
  {
    part: "kind",
    expected: `at most ${CAPS.ownerKind} letters, digits and '-', such as ReplicaSet`,
    isRight: (text) => text.length <= CAPS.ownerKind && /^[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$/.test(text),
  },
  {
    part: "name",
    expected: `the name of an object: at most ${CAPS.objectName} lower case letters, digits, '-' and '.'`,
    isRight: isDnsSubdomain,
  },
  {
    part: "uid",
    expected: `the UID of an object: at most ${CAPS.uid} characters without blanks`,
    isRight: (text) => text.length <= CAPS.uid && /^[\x21-\x7e]+$/.test(text),
  },
];
