import type { EtcdSettings } from "../../../config/network-configuration.ts";
import { StoreFailure } from "../../../ipam/store-port.ts";
import { before } from "../wire/time.ts";
import type { Connection } from "./connection.ts";
import { type Dialled, dial } from "./dial.ts";
import { type DialFailure, explainDial } from "./dial-failure.ts";
import { closedFailure, dialFailure, lateFailure } from "./etcd-failure.ts";
import { readTlsFiles, tlsStamp } from "./tls-files.ts";

/** Milliseconds of silence after which a connection gets a ping before the next request. */
const IDLE_MS = 10_000;
/** Milliseconds, at least, between two looks at the certificate files. */
const STAMP_MS = 1_000;
/** Milliseconds of silence of one endpoint after which the next is tried as well. */
const HEDGE_MS = 400;

/**
 * Keeps one connection open for all callers. Each process shuffles the endpoints, so that not all nodes use
 * the first; an endpoint that failed goes to the end.
 */
export class Connections {
  readonly #settings: EtcdSettings;
  #order: string[];
  #current: Connection | undefined;
  #dialling: Promise<Dialled> | undefined;
  #heard = performance.now();
  #stamped = performance.now();
  #closed = false;

  constructor(settings: EtcdSettings) {
    this.#settings = settings;
    this.#order = shuffle(settings.endpoints);
  }

  /** An open connection, by `limit` (milliseconds of performance.now()). Rejects with EtcdFailure. */
  async acquire(limit: number): Promise<Connection> {
    if (this.#closed) throw closedFailure();
    const current = await this.#living();
    if (current !== undefined) return current;
    return this.#adopt(await this.#dialled(limit, this.#order));
  }

  /** Replaces the connection `slow`, by one to another endpoint if there is one. Rejects with EtcdFailure. */
  async replace(slow: Connection, limit: number): Promise<Connection> {
    if (this.#current === slow) this.#demote(slow.endpoint);
    else if (this.#current?.usable()) return this.#current;
    return this.#adopt(await this.#dialled(limit, this.#order));
  }

  /** Hands this connection to no caller any more; calls under way on it may still end. */
  avoid(connection: Connection): void {
    if (this.#current === connection) {
      this.#current = undefined;
      this.#demote(connection.endpoint);
    }
    connection.retire();
  }

  /** An answer came over the current connection. */
  heard(): void {
    this.#heard = performance.now();
  }

  /** The endpoint of the current connection; undefined where there is none. */
  endpoint(): string | undefined {
    return this.#current?.usable() ? this.#current.endpoint : undefined;
  }

  /** Closes the connection; later calls fail. */
  close(): void {
    this.#closed = true;
    this.#current?.close();
    this.#current = undefined;
  }

  async #living(): Promise<Connection | undefined> {
    const current = this.#current;
    if (!current?.usable()) return undefined;
    if (performance.now() - this.#heard > IDLE_MS) {
      if (!(await current.answers(this.#settings.dialTimeoutMs))) return undefined;
      this.#heard = performance.now();
    }
    return this.#withFreshCertificates(current);
  }

  /** Reconnects where the files have changed; keeps the old connection where they cannot be used yet (half of a pair). */
  async #withFreshCertificates(current: Connection): Promise<Connection> {
    if (performance.now() - this.#stamped < STAMP_MS) return current;
    this.#stamped = performance.now();
    if (current.stamp === "" || tlsStamp(this.#settings) === current.stamp) return current;
    const dialled = await this.#dial([current.endpoint]);
    return "connection" in dialled ? this.#adopt(dialled.connection) : current;
  }

  async #dialled(limit: number, order: readonly string[]): Promise<Connection> {
    this.#dialling ??= this.#dial(order).finally(() => {
      this.#dialling = undefined;
    });
    const late = () => lateFailure(`no connection to etcd in time (${this.#settings.endpoints.join(", ")})`);
    const dialled = await before(limit, this.#dialling, late);
    if ("connection" in dialled) return dialled.connection;
    throw dialFailure(dialled.failures);
  }

  async #dial(order: readonly string[]): Promise<Dialled> {
    try {
      const secure = order.some((endpoint) => endpoint.startsWith("https:"));
      const tls = secure ? readTlsFiles(this.#settings) : undefined;
      return await dial(order, { tls, timeoutMs: this.#settings.dialTimeoutMs, hedgeMs: HEDGE_MS });
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error;
      const failure: DialFailure = await explainDial(order.join(", "), error, undefined);
      return { failures: [failure] };
    }
  }

  #adopt(connection: Connection): Connection {
    if (this.#closed) {
      connection.close();
      throw closedFailure();
    }
    if (this.#current !== connection) {
      this.#current?.retire();
      this.#current = connection;
      this.#heard = performance.now();
    }
    return connection;
  }

  #demote(endpoint: string): void {
    this.#order = [...this.#order.filter((other) => other !== endpoint), endpoint];
  }
}

/** Fisher and Yates. */
function shuffle(endpoints: readonly string[]): string[] {
  const order = [...endpoints];
  for (let index = order.length - 1; index > 0; index -= 1) {
    const other = Math.floor(Math.random() * (index + 1));
    [order[index], order[other]] = [order[other] ?? "", order[index] ?? ""];
  }
  return order;
}
