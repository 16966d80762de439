import { BoundedMap } from "../../../ipam/bounded-map.ts";
import type { Content, Part } from "../objects/content.ts";
import type { ObjectId } from "../objects/names.ts";
import type { StoredObject } from "../objects/objects.ts";

/**
 * The API server lets nothing expire. A record that is to vanish after some seconds has done so for whoever has seen
 * it unchanged for that long by a clock of his own (NO-CLOCKS).
 */
export class Expiry {
  readonly #first = new BoundedMap<string, number>(MOST);
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether it has been seen as it is for so many seconds. The first look begins to count. */
  isOver({ name, resource }: ObjectId, version: string, seconds: number): boolean {
    const key = `${resource}/${name}@${version}`;
    const first = this.#first.get(key);
    if (first === undefined) {
      this.#first.set(key, this.#now());
      return seconds <= 0;
    }
    return this.#now() - first >= seconds * 1000;
  }

  /** The content without what has vanished. */
  living({ id, version }: Pick<StoredObject, "id" | "version">, content: Content): Content {
    const isGone = ({ seconds }: Part) => seconds !== undefined && this.isOver(id, version, seconds);
    const parts = [...content];
    if (!parts.some(([, part]) => isGone(part))) return content;
    return new Map(parts.filter(([, part]) => !isGone(part)));
  }
}

const MOST = 16_384;
