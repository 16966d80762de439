import { copySecret, writeKubeconfig } from "../host/plugin-credentials.ts";
import type { Log } from "../ipam/ports.ts";
import { readNodeName } from "../node/node-name.ts";

/** What the agent keeps on the host for the plugin, which does the work while there is no agent. */
export interface HostCredentialsOptions {
  /** Where the plugin's kubeconfig lies. */
  readonly kubeconfig?: string;
  /** The folder of a mounted Secret with etcd's certificates, and where they go. */
  readonly etcd?: { readonly from: string; readonly to: string };
}

/** A renewed Secret is on the host after so long. */
const EVERY_MS = 15_000;
/** A node that was off for less time finds its kubeconfig valid. */
const TOKEN_SECONDS = 24 * 3600;
/** How much of a token's life may pass before there is another. */
const RENEW_AFTER = 0.25;

/** Renews the host's credentials until it is stopped. A failure is logged, and tried again. */
export class HostCredentials {
  readonly #options: HostCredentialsOptions;
  readonly #log: Log;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;
  #renewAt = 0;

  constructor(options: HostCredentialsOptions, log: Log) {
    this.#options = options;
    this.#log = log;
  }

  /** The first round begins at once. */
  start(): void {
    if (this.#options.kubeconfig === undefined && this.#options.etcd === undefined) return;
    this.#round = this.#run().finally(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => this.start(), EVERY_MS);
    });
  }

  /** Ends after the round under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  async #run(): Promise<void> {
    const { kubeconfig, etcd } = this.#options;
    if (etcd !== undefined) await this.#attempt("etcd's certificates", () => this.#copy(etcd.from, etcd.to));
    if (kubeconfig !== undefined && performance.now() >= this.#renewAt) {
      await this.#attempt("the kubeconfig", () => this.#renew(kubeconfig));
    }
  }

  #copy(from: string, to: string): void {
    const copied = copySecret(from, to);
    if (copied.length > 0) this.#log("info", "renewed etcd's certificates on the host", { copied, to });
  }

  async #renew(path: string): Promise<void> {
    const seconds = await writeKubeconfig(path, readNodeName(undefined), TOKEN_SECONDS);
    this.#renewAt = performance.now() + seconds * 1000 * RENEW_AFTER;
    this.#log("info", "renewed the plugin's kubeconfig", { path, seconds });
  }

  async #attempt(what: string, work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (failure) {
      const reason = failure instanceof Error ? failure.message : String(failure);
      this.#log("warn", `cannot renew ${what} on the host`, { reason });
    }
  }
}
