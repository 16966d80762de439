import type { TLSSocket } from "node:tls";
import type { ServingLimits } from "./limits.ts";

/** What a connection is in the middle of. Only "answer" is up to us; all else waits for the client. */
export type Phase = "handshake" | "headers" | "body" | "answer" | "idle";

interface Connection {
  readonly phase: Phase;
  readonly address: string;
  readonly timer: ReturnType<typeof setTimeout>;
}

/**
 * The server's open connections: never more than the limit, and none that makes us wait for longer than
 * its phase may last. node:http has such time-outs, but Bun does not keep them for connections that it
 * was handed.
 */
export class Connections {
  readonly #limits: ServingLimits;
  /** The oldest first. */
  readonly #open = new Map<TLSSocket, Connection>();

  constructor(limits: ServingLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Takes a new connection. Where there is no room, one that waits for its client is closed; else the new one. */
  take(socket: TLSSocket): void {
    if (this.#open.size >= this.#limits.connections) {
      const victim = this.#victim();
      if (victim === undefined) {
        socket.destroy();
        return;
      }
      this.#close(victim);
    }
    socket.once("close", () => this.#forget(socket));
    this.#enter(socket, "handshake", socket.remoteAddress ?? "");
  }

  /** From now on the connection is in this phase, and closed when that lasts too long. */
  enter(socket: TLSSocket, phase: Phase): void {
    const connection = this.#open.get(socket);
    if (connection !== undefined) this.#enter(socket, phase, connection.address);
  }

  /** Undefined for one that is closed. */
  phaseOf(socket: TLSSocket): Phase | undefined {
    return this.#open.get(socket)?.phase;
  }

  closeAll(): void {
    for (const socket of [...this.#open.keys()]) this.#close(socket);
  }

  #enter(socket: TLSSocket, phase: Phase, address: string): void {
    clearTimeout(this.#open.get(socket)?.timer);
    const timer = setTimeout(() => this.#close(socket), this.#limits[`${phase}Ms`]);
    this.#open.set(socket, { phase, address, timer });
  }

  #close(socket: TLSSocket): void {
    this.#forget(socket);
    socket.destroy();
  }

  #forget(socket: TLSSocket): void {
    clearTimeout(this.#open.get(socket)?.timer);
    this.#open.delete(socket);
  }

  /**
   * The oldest of the address that has the most, so that one client's flood closes its own. Clients with a
   * certificate that we trust are spared as long as there are others.
   */
  #victim(): TLSSocket | undefined {
    const waiting = [...this.#open].filter(([, { phase }]) => phase !== "answer");
    const strangers = waiting.filter(([socket]) => !socket.authorized);
    const asked = strangers.length > 0 ? strangers : waiting;
    const counts = new Map<string, number>();
    for (const [, { address }] of asked) counts.set(address, (counts.get(address) ?? 0) + 1);
    const most = Math.max(0, ...counts.values());
    return asked.find(([, { address }]) => counts.get(address) === most)?.[0];
  }
}
