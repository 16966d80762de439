import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import type { Annotations } from "../../ipam/wish/annotation.ts";
import { wordOf } from "../../ipam/wish/annotation-keys.ts";

/** What a pod asks of one interface, or of its network by name, word for word: for a network that is not known. */
export function writtenWishes(annotations: Annotations, ifname: string, name: string | undefined): string[] {
  const scopes = [ifname, ...(name === undefined || name === "" ? [] : [name])];
  return Object.entries(annotations)
    .filter(([key]) => wordOf(key) !== undefined && scopes.includes(key.slice(key.indexOf("/") + 1)))
    .map(([key, value]) => `${key}: ${cut(value, CAPS.shownValue)}`);
}
