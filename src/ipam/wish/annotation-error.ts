import { IpamError } from "../errors.ts";
import type { Annotations } from "./annotations.ts";

/** The error for an annotation that cannot be read: key, value, and what would be right. */
export function malformed(
  annotation: { readonly key: string },
  annotations: Annotations,
  right: string,
): IpamError {
  const { key } = annotation;
  return new IpamError(
    "annotationMalformed",
    `annotation ${key} has the value '${annotations[key] ?? ""}'`,
    `expected ${right}; nothing is allocated: correct the annotation in the pod or its template`,
  );
}
