import type { Output } from "../http2/session.ts";

/** The part of Bun's socket that is written to. */
export interface Writable {
  write(bytes: Uint8Array): number;
  end(): unknown;
}

/** Writes to a socket: what is written in one turn goes out at once, and what the socket does not take waits. */
export class SocketOutput implements Output {
  readonly #socket: Writable;
  #parts: Uint8Array[] = [];
  #isDue = false;
  #isFull = false;
  #isClosing = false;

  constructor(socket: Writable) {
    this.#socket = socket;
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  write(...bytes: readonly Uint8Array[]): void {
    this.#parts.push(...bytes);
    if (this.#isDue || this.#isFull) return;
    this.#isDue = true;
    queueMicrotask(() => this.#flush());
  }

  close(): void {
    this.#isClosing = true;
    if (!this.#isDue && !this.#isFull) this.#socket.end();
  }

  /** The socket takes more. */
  drain(): void {
    this.#isFull = false;
    if (!this.#isDue) this.#flush();
  }

  #flush(): void {
    this.#isDue = false;
    const all = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = [];
    if (all !== undefined && all.length > 0) {
      const written = this.#socket.write(all);
      if (written >= 0 && written < all.length) {
        this.#parts = [all.subarray(written)];
        this.#isFull = true;
        return;
      }
    }
    if (this.#isClosing) this.#socket.end();
  }
}
