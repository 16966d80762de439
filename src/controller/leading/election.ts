import { pause } from "../../ipam/pause.ts";
import type { Log } from "../../ipam/ports.ts";
import { FailureLog } from "../context/failure-log.ts";

/** What others see of the lease; `version` changes with every write. */
export interface LeaseView {
  /** "" when it was given up. */
  readonly holder: string;
  readonly durationSeconds: number;
  readonly transitions: number;
  readonly version: string;
}

/** The lease itself, as the API server keeps it. Both methods throw IpamError as the Cluster port does. */
export interface LeasePort {
  read(deadline: number): Promise<LeaseView | undefined>;
  /** Writes it if it is still `previous` (undefined: absent); false when another replica was quicker. */
  write(
    lease: Omit<LeaseView, "version">,
    previous: LeaseView | undefined,
    deadline: number,
  ): Promise<boolean>;
}

const DURATION_SECONDS = 15;
/** A leader that could not renew for so long stops, well before another may begin. */
const RENEW_WITHIN_MS = 10_000;
const RETRY_MS = 2_000;
const STEP_MS = 5_000;

/**
 * One replica's part in the election of the leader. No clocks are compared (NO-CLOCKS): a lease is
 * taken over only after this process itself saw it unchanged for its whole duration. Two leaders are
 * possible for a moment all the same (a frozen process wakes up), so nothing that is right may rest
 * on there being one.
 */
export class Election {
  readonly #port: LeasePort;
  readonly #now: () => number;
  #until = Number.NEGATIVE_INFINITY;
  #seen: { readonly version: string; readonly at: number } | undefined;

  constructor(
    port: LeasePort,
    readonly identity: string,
    now: () => number = () => performance.now(),
  ) {
    this.#port = port;
    this.#now = now;
  }

  leads(): boolean {
    return this.#now() < this.#until;
  }

  /** Tries once to become or to stay the leader. Throws as the port does; leadership then runs out by itself. */
  async step(): Promise<void> {
    const began = this.#now();
    const deadline = this.leads() ? Math.min(this.#until, began + STEP_MS) : began + STEP_MS;
    const lease = await this.#port.read(deadline);
    if (lease !== undefined && lease.holder !== this.identity && !this.#isOver(lease)) {
      this.#until = Number.NEGATIVE_INFINITY;
      return;
    }
    const transitions = (lease?.transitions ?? -1) + (lease?.holder === this.identity ? 0 : 1);
    const mine = { holder: this.identity, durationSeconds: DURATION_SECONDS, transitions };
    const won = await this.#port.write(mine, lease, deadline);
    // Counted from before the write: other replicas see it only later.
    this.#until = won ? began + RENEW_WITHIN_MS : Number.NEGATIVE_INFINITY;
  }

  /** Gives up the lease, so that another replica need not wait for it. Best effort. */
  async resign(): Promise<void> {
    if (!this.leads()) return;
    const deadline = this.#until;
    this.#until = Number.NEGATIVE_INFINITY;
    const lease = await this.#port.read(deadline);
    if (lease?.holder !== this.identity) return;
    await this.#port.write({ ...lease, holder: "", durationSeconds: 1 }, lease, deadline);
  }

  #isOver({ durationSeconds, holder, version }: LeaseView): boolean {
    if (holder === "") return true;
    const now = this.#now();
    if (this.#seen?.version !== version) {
      this.#seen = { version, at: now };
      return false;
    }
    return now - this.#seen.at >= (durationSeconds > 0 ? durationSeconds : DURATION_SECONDS) * 1000;
  }
}

/** What a leader does until `signal` aborts; resolves when it has stopped. */
export type Lead = (signal: AbortSignal) => Promise<void>;

/** Takes part in the election until `signal` aborts, and does the leader's work while this process leads. */
export async function takePart(
  election: Election,
  lead: Lead,
  log: Log,
  signal: AbortSignal,
  retryMs = RETRY_MS,
): Promise<void> {
  let term: { readonly end: AbortController; readonly over: Promise<void> } | undefined;
  const failures = new FailureLog(log, "cannot read or renew the lease");
  while (!signal.aborted) {
    await election.step().then(
      () => failures.succeeded(),
      (failure) => failures.failed(failure),
    );
    if (election.leads() && term === undefined) {
      log("info", "became the leader", { identity: election.identity });
      const end = new AbortController();
      term = { end, over: lead(end.signal) };
    } else if (!election.leads() && term !== undefined) {
      log("warn", "is no longer the leader", { identity: election.identity });
      term = await ended(term);
    }
    await pause(retryMs, signal);
  }
  if (term !== undefined) await ended(term);
  await election.resign().catch((failure) => failures.failed(failure));
}

async function ended(term: { readonly end: AbortController; readonly over: Promise<void> }) {
  term.end.abort();
  await term.over;
  return undefined;
}
