import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import type { IpamError } from "../../ipam/errors.ts";
import type { Warn } from "./read-shape.ts";

/** What becomes of a key that would have to be ignored: an error, or a line in the log. */
export type Refuse = (error: IpamError) => void;

/** For ADD and STATUS, and for whoever starts with a configuration (FAIL-CLOSED). */
export const refuseKey: Refuse = (error) => {
  throw error;
};

/** For verbs that need little of a configuration: they must end what an ADD once began with it. */
export function toleratingKeys(warn: Warn): Refuse {
  return ({ message }) => warn(`${message}; ignored, as this operation does not need it`);
}

/** A key that somebody else wrote, no longer than a message should repeat it. */
export function shownKey(key: string): string {
  return cut(key, CAPS.shownKey);
}

/** How a message names a key: `path` is "", the object's own path, or ends in ": " behind a file's name. */
export function keyPath(path: string, key: string): string {
  return path === "" || path.endsWith(": ") ? path + key : `${path}.${key}`;
}
