import type { IncomingMessage } from "node:http";
import type { ServingLimits } from "./limits.ts";

/** A body that was read, which takes room until it is released; or why it was not: an HTTP status, "gone". */
export type Read = { readonly bytes: Buffer; release(): void } | 413 | 503 | "gone";

const FIRST_ROOM = 4 * 1024;
/** Bytes of bodies between two collections: rare where requests are small, and 20 ms each. */
const SWEEP_AFTER = 32 * 1024 * 1024;

/** Reads the bodies of requests, of which only so much is in memory at once. */
export class Bodies {
  readonly #limits: Pick<ServingLimits, "body" | "bodies" | "smallBody">;
  #held = 0;
  #garbage = 0;

  constructor(limits: Pick<ServingLimits, "body" | "bodies" | "smallBody">) {
    this.#limits = limits;
  }

  /** Bytes that bodies have taken of what they share. */
  get held(): number {
    return this.#held;
  }

  /** Reads a body to its end. One that is refused is read on and thrown away until its connection is closed. */
  read(request: IncomingMessage): Promise<Read> {
    const announced = Number(request.headers["content-length"] ?? 0);
    if (announced > this.#limits.body) {
      request.resume();
      return Promise.resolve(413);
    }
    return new Promise((resolve) => {
      // Copied together: a chunk may be one byte, and keeps alive the whole piece that the socket brought.
      let room: Buffer = Buffer.alloc(0);
      let length = 0;
      let ended = false;
      const end = (read: Read) => {
        if (ended) return;
        ended = true;
        if (typeof read !== "object") {
          this.#resize(room.length, 0);
          room = Buffer.alloc(0);
        }
        resolve(read);
      };
      request.on("data", (chunk: Buffer) => {
        this.#came(chunk.length);
        if (ended) return;
        if (length + chunk.length > this.#limits.body) return end(413);
        if (length + chunk.length > room.length) {
          const larger = this.#roomFor(length + chunk.length, announced);
          if (!this.#resize(room.length, larger)) return end(503);
          const grown = Buffer.allocUnsafeSlow(larger);
          room.copy(grown, 0, 0, length);
          room = grown;
        }
        chunk.copy(room, length);
        length += chunk.length;
      });
      request.on("end", () => {
        let released = false;
        const release = () => {
          if (!released) this.#resize(room.length, 0);
          released = true;
        };
        end({ bytes: room.subarray(0, length), release });
      });
      request.on("error", () => end("gone"));
      request.on("close", () => end("gone"));
    });
  }

  /** What sockets bring is garbage as soon as it is copied, and Bun, left alone, lets hundreds of MiB of it lie. */
  #came(bytes: number): void {
    this.#garbage += bytes;
    if (this.#garbage < SWEEP_AFTER) return;
    this.#garbage = 0;
    Bun.gc(true);
  }

  /** A small body grows as it comes; a large one gets at once what it said that it needs, so that no copies are left. */
  #roomFor(length: number, announced: number): number {
    if (length > this.#limits.smallBody && announced >= length) return announced;
    return Math.min(this.#limits.body, Math.max(FIRST_ROOM, 2 * length));
  }

  /** Takes or gives back what is beyond a small body; false where there is no room for more. */
  #resize(before: number, after: number): boolean {
    const { bodies, smallBody } = this.#limits;
    const more = Math.max(0, after - smallBody) - Math.max(0, before - smallBody);
    if (more > 0 && this.#held + more > bodies) return false;
    this.#held += more;
    return true;
  }
}
