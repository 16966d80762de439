import type { EtcdSettings } from "../../../config/network-configuration.ts";
import { type CallOptions, StoreFailure } from "../../../ipam/store-port.ts";
import { Credentials } from "../connect/authentication.ts";
import type { Connection } from "../connect/connection.ts";
import { Connections } from "../connect/connections.ts";
import { callFailure, EtcdFailure, lateFailure, writeFailure } from "../connect/etcd-failure.ts";
import type { RpcOptions } from "../wire/grpc.ts";
import { pause, settledWithin } from "../wire/time.ts";
import { type TroubleKind, troubleOf } from "../wire/trouble.ts";

/** A call that can be made on any connection. */
export type Call<T> = (connection: Connection, options: RpcOptions) => Promise<T>;

/** Milliseconds of silence after which a read is sent to another endpoint too. */
const HEDGE_MS = 1000;
/** Troubles that may end, or that the next endpoint may not have. */
const PASSING: readonly TroubleKind[] = ["unreachable", "busy"];
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 400;

/**
 * Calls etcd: finds an endpoint that answers, and repeats what may be sent twice. Every method rejects with
 * EtcdFailure, at the latest after the request time-out or at the deadline.
 */
export class EtcdClient {
  readonly #settings: EtcdSettings;
  readonly #connections: Connections;
  readonly #credentials: Credentials;

  constructor(settings: EtcdSettings) {
    this.#settings = settings;
    this.#connections = new Connections(settings);
    this.#credentials = new Credentials(settings);
  }

  /** Starts to connect, so that the first call finds the connection open. That call reports failures. */
  warmUp(): void {
    this.#connections.acquire(this.#limit(Number.POSITIVE_INFINITY)).catch(() => undefined);
  }

  /** Makes a call that changes nothing, or may be repeated. Tries again, and other endpoints, until time is up. */
  read<T>(call: Call<T>, options: CallOptions): Promise<T> {
    const limit = this.#limit(options.deadline);
    return this.#retried(limit, () => this.#hedged(call, limit));
  }

  /**
   * Makes a call that changes something. Repeats it only where it certainly changed nothing; otherwise
   * rejects with "unknown-outcome".
   */
  async write<T>(call: Call<T>, options: CallOptions): Promise<T> {
    const limit = this.#limit(options.deadline);
    try {
      const attempt = async () => this.#attempt(await this.#connections.acquire(limit), call, limit);
      return await this.#retried(limit, attempt, (failure) => !failure.mayHaveHappened);
    } catch (failure) {
      throw failure instanceof EtcdFailure ? writeFailure(failure) : failure;
    }
  }

  /** A connection and headers for a stream that the caller opens. */
  async open(options: CallOptions): Promise<{ connection: Connection; headers: Record<string, string> }> {
    const limit = this.#limit(options.deadline);
    return this.#retried(limit, async () => {
      const connection = await this.#connections.acquire(limit);
      return { connection, headers: await this.#headers(connection, limit) };
    });
  }

  /** The failure for an error of a stream on `connection`. The next call uses another connection. */
  lost(connection: Connection, error: unknown): EtcdFailure {
    const failure = this.#failure(connection, error);
    if (failure.trouble === "unreachable") this.#connections.avoid(connection);
    return failure;
  }

  /** Forgets the token that a stream found to be invalid. */
  async renewToken(token = ""): Promise<void> {
    await this.#credentials.renew(token);
  }

  /** The endpoint in use; undefined where there is none. */
  endpoint(): string | undefined {
    return this.#connections.endpoint();
  }

  /** Closes the connection; later calls fail. */
  close(): void {
    this.#connections.close();
  }

  #limit(deadline: number): number {
    return Math.min(deadline, performance.now() + this.#settings.requestTimeoutMs);
  }

  async #retried<T>(
    limit: number,
    action: () => Promise<T>,
    mayRepeat: (failure: EtcdFailure) => boolean = () => true,
  ): Promise<T> {
    let before: EtcdFailure | undefined;
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
      try {
        return await action();
      } catch (failure) {
        const passes =
          failure instanceof EtcdFailure && PASSING.includes(failure.trouble) && mayRepeat(failure);
        // Of a try for which no time was left, the one before says more.
        if (passes && !failure.mayHaveHappened && before && performance.now() >= limit) throw before;
        if (!passes || performance.now() + wait >= limit) throw failure;
        before = failure;
      }
      await pause(wait);
    }
  }

  /** A frozen or cut-off endpoint costs HEDGE_MS, not the whole time-out. */
  async #hedged<T>(call: Call<T>, limit: number): Promise<T> {
    const connection = await this.#connections.acquire(limit);
    const first = this.#attempt(connection, call, limit);
    if (await settledWithin(HEDGE_MS, first)) return first;
    const second = this.#connections
      .replace(connection, limit)
      .then((other) => this.#attempt(other, call, limit));
    return Promise.any([first, second]).catch(() => first);
  }

  async #attempt<T>(connection: Connection, call: Call<T>, limit: number, renewed = false): Promise<T> {
    const headers = await this.#headers(connection, limit);
    try {
      const answer = await call(connection, { headers, timeoutMs: timeLeft(limit) });
      this.#connections.heard();
      return answer;
    } catch (error) {
      const failure = this.lost(connection, error);
      const mayRenew = failure.trouble === "token" && !renewed;
      if (mayRenew && (await this.#credentials.renew(headers.token ?? ""))) {
        return this.#attempt(connection, call, limit, true);
      }
      throw failure;
    }
  }

  /** With `hasleader`, a member that has lost its cluster refuses at once instead of hanging. */
  async #headers(connection: Connection, limit: number): Promise<Record<string, string>> {
    try {
      const token = await this.#credentials.token(connection, timeLeft(limit));
      return { hasleader: "true", ...(token === "" ? {} : { token }) };
    } catch (error) {
      const { kind, trouble, message, remedy } = this.lost(connection, error);
      throw new EtcdFailure(kind, { trouble, mayHaveHappened: false }, message, remedy);
    }
  }

  #failure(connection: Connection, error: unknown): EtcdFailure {
    if (error instanceof EtcdFailure) return error;
    const { username, certFile, prefix } = this.#settings;
    if (error instanceof StoreFailure) {
      return new EtcdFailure(
        error.kind,
        { trouble: "permission", mayHaveHappened: false },
        error.message,
        error.remedy,
      );
    }
    return callFailure(troubleOf(error), { endpoint: connection.endpoint, username, certFile, prefix });
  }
}

/** Milliseconds; never 0, which would mean "for ever". */
function timeLeft(limit: number): number {
  const left = Math.ceil(limit - performance.now());
  if (left <= 0) throw lateFailure("time was up before the request to etcd");
  return left;
}
