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
    `annotation ${key} has the value '${text}'`,
    `expected ${right}; nothing is allocated: correct the annotation in the pod or its template`,
  );
}
