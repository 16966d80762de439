import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import { IpamError } from "../errors.ts";
import type { Network } from "../network.ts";

/** Pod annotations as Kubernetes has them. */
export type Annotations = Readonly<Record<string, string>>;

/** Which of the pod's networks is asked for. */
export interface Asked {
  readonly network: Network;
  readonly ifname: string;
}

/** One annotation of ours, there or not. */
export interface Annotation {
  readonly key: string;
  /** Without outer blanks; "" where it is absent. */
  readonly text: string;
}

/** The error for an annotation that cannot be read: key, value, and what would be right. */
export function malformed({ key, text }: Annotation, right: string): IpamError {
  return new IpamError(
    "annotationMalformed",
    `annotation ${cut(key, CAPS.shownValue)} has the value '${cut(text, CAPS.shownValue)}'`,
    `expected ${right}; nothing is allocated: correct the annotation in the pod or its template`,
  );
}

/**
 * Requires that a value is one that anybody reads (CAPPED).
 *
 * @throws IpamError annotationMalformed naming its length and the bound.
 */
export function requireShort(annotation: Annotation): void {
  const { length } = annotation.text;
  if (length <= CAPS.annotation) return;
  throw malformed(annotation, `at most ${CAPS.annotation} characters, not ${length}`);
}

/**
 * Requires that a list has no more parts than anybody reads (CAPPED).
 *
 * @throws IpamError annotationMalformed naming their number and the bound.
 */
export function requireFewParts(annotation: Annotation, parts: number, most: number = CAPS.listParts): void {
  if (parts > most) throw malformed(annotation, `at most ${most} entries, not ${parts}`);
}
