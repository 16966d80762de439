import type { Headers } from "./header-block.ts";

/** How a stream ended. `resetCode`: who ended it before its end, and why; absent where the connection was lost, or it is whole. */
export interface Ending {
  readonly resetCode?: number;
  /** Why the connection was lost. */
  readonly lost?: string;
}

/** What a caller is told of its stream. */
export interface Listener {
  /** Headers, and then trailers. */
  headers(headers: Headers): void;
  data(bytes: Uint8Array): void;
  /** Once, and nothing after it. */
  end(ending: Ending): void;
}

/** One request and its answer. */
export interface Stream {
  readonly ended: boolean;
  /** False while the server takes no more at once: it has not heard of this one. */
  readonly begun: boolean;
  /** Sends bytes of the body, as far as the server lets us; the rest later. */
  write(bytes: Uint8Array, last: boolean): void;
  /** Lets the server send as many more bytes: the caller is done with them. */
  consumed(bytes: number): void;
  /** Ends it before its end. */
  cancel(): void;
}

/** Body of a request that the server's window, or its number of streams, has not let through yet. */
export class Unsent {
  #parts: Uint8Array[] = [];
  #size = 0;
  #last = false;
  /** All of it has been taken, its end included. */
  done = false;

  add(bytes: Uint8Array, last: boolean): void {
    if (bytes.length > 0) this.#parts.push(bytes);
    this.#size += bytes.length;
    this.#last = last;
  }

  /** Takes at most so many bytes; undefined where there are none to take. */
  take(most: number): { readonly bytes: Uint8Array; readonly last: boolean } | undefined {
    const [part] = this.#parts;
    if (part === undefined ? !this.#last || this.done : most <= 0) return undefined;
    const bytes = part?.subarray(0, most) ?? new Uint8Array();
    if (part !== undefined && bytes.length < part.length) this.#parts[0] = part.subarray(bytes.length);
    else this.#parts.shift();
    this.#size -= bytes.length;
    this.done = this.#last && this.#size === 0;
    return { bytes, last: this.done };
  }
}
