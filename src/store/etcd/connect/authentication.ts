import type { EtcdSettings } from "../../../config/network-configuration.ts";
import { readRegularFile } from "../../../files/regular-file.ts";
import { readSmallSecret } from "../../../files/small-secret.ts";
import { StoreFailure } from "../../../ipam/store-port.ts";
import { AUTHENTICATE } from "../wire/methods.ts";
import { troubleOf } from "../wire/trouble.ts";
import type { Connection } from "./connection.ts";

/** The settings of etcd's user. */
export type CredentialSettings = Pick<
  EtcdSettings,
  "username" | "password" | "passwordFile" | "passwordByNetwork"
>;

/**
 * The token of etcd's user and password authentication. One token serves all members. It is requested once,
 * and again when a member no longer accepts it.
 */
export class Credentials {
  readonly #settings: CredentialSettings;
  #token: Promise<string> | undefined;

  constructor(settings: CredentialSettings) {
    this.#settings = settings;
  }

  /** The token; "" where no user is configured or etcd's authentication is off. Rejects with the plain error. */
  token(connection: Connection, timeoutMs: number): Promise<string> {
    if (this.#settings.username === undefined) return Promise.resolve("");
    const asked = this.#token ?? this.#ask(connection, this.#settings.username, timeoutMs);
    this.#token = asked;
    asked.catch(() => this.#forgetPromise(asked));
    return asked;
  }

  /** Forgets the token, unless another call has renewed it. True where a new one may help. */
  async renew(token: string): Promise<boolean> {
    const current = this.#token;
    if (current === undefined) return this.#settings.username !== undefined;
    if ((await current.catch(() => token)) === token) this.#forgetPromise(current);
    return true;
  }

  async #ask(connection: Connection, name: string, timeoutMs: number): Promise<string> {
    try {
      const answer = await connection.call(
        AUTHENTICATE,
        { name, password: this.#password() },
        { headers: {}, timeoutMs },
      );
      return answer.token;
    } catch (error) {
      if (/authentication is not enabled/.test(troubleOf(error).reason)) return "";
      throw error;
    }
  }

  #password(): string {
    const { password, passwordByNetwork, passwordFile } = this.#settings;
    if (passwordFile === undefined) return password ?? "";
    try {
      if (passwordByNetwork) return readSmallSecret(passwordFile);
      return readRegularFile(passwordFile).replace(/\r?\n$/, "");
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new StoreFailure(
        "refused",
        `etcd's passwordFile ${passwordFile} cannot be read: ${code === "ENOENT" ? "the file is missing" : (code ?? message)}`,
        "put the file there, or correct the configuration",
      );
    }
  }

  #forgetPromise(token: Promise<string>): void {
    if (this.#token === token) this.#token = undefined;
  }
}
