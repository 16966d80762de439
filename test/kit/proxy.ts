import { connect, createServer, type Server, type Socket } from "node:net";

/** What the proxy does with bytes; connections that exist already are affected too. */
export type ProxyMode =
  | "pass"
  /** Takes connections and bytes, and says nothing: a frozen peer, a firewall that drops. */
  | "silent"
  /** Requests arrive, answers are lost: the moment after the commit and before its answer. */
  | "lose-answers";

/** A TCP proxy between a client and a real server, on a loopback port of its own. */
export interface ProxyServer extends AsyncDisposable {
  readonly port: number;
  /** Connections accepted so far. */
  readonly accepted: number;
  /** Clients connected now. */
  readonly connections: number;
  mode: ProxyMode;
  /** Milliseconds by which each chunk is late, in both directions. */
  delayMs: number;
  /** Calls back once, when the next bytes of a client have been passed on. */
  onRequest(action: () => void): void;
  /** Resets all connections; new ones are still taken. */
  cut(): void;
  /** New connections are refused from now on, existing ones reset. */
  down(): Promise<void>;
  up(): Promise<void>;
}

export async function startProxy(targetPort: number): Promise<ProxyServer> {
  const proxy = new TcpProxy(targetPort);
  await proxy.up();
  return proxy;
}

class TcpProxy implements ProxyServer {
  port = 0;
  accepted = 0;
  mode: ProxyMode = "pass";
  delayMs = 0;
  readonly #targetPort: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #onRequest: (() => void) | undefined;

  get connections(): number {
    return this.#sockets.size / 2;
  }

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
  }

  onRequest(action: () => void): void {
    this.#onRequest = action;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#sockets.clear();
  }

  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = new Promise((resolve) => server.close(resolve));
    this.cut();
    await closed;
  }

  async up(): Promise<void> {
    const server = createServer((client) => this.#serve(client));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.port, "127.0.0.1", resolve);
    });
    const address = server.address();
    if (typeof address === "object" && address !== null) this.port = address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down();
  }

  #serve(client: Socket): void {
    this.accepted += 1;
    const upstream = connect(this.#targetPort, "127.0.0.1");
    this.#join(client, upstream, () => this.mode !== "silent");
    this.#join(upstream, client, () => this.mode === "pass");
    client.on("data", () => {
      const action = this.#onRequest;
      this.#onRequest = undefined;
      if (action !== undefined) setTimeout(action, this.delayMs);
    });
  }

  #join(from: Socket, to: Socket, passes: () => boolean): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on("data", (chunk) => {
      if (!passes()) return;
      if (this.delayMs === 0) to.write(chunk);
      else setTimeout(() => to.writable && to.write(chunk), this.delayMs);
    });
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      to.end();
    });
  }
}
