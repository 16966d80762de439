import type { AuditFinding } from "./types.ts";

/** What lasts of what audits find, and for how long, by this process's own observations (NO-CLOCKS). */
export class FindingAges {
  readonly #now: () => number;
  #since = new Map<string, number>();

  /** @param now this process's monotonic clock, in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Notes a further audit's findings, and answers those that the one before had found too. */
  note(findings: readonly AuditFinding[]): AuditFinding[] {
    const known = this.#since;
    this.#since = new Map(findings.map(({ id }) => [id, known.get(id) ?? this.#now()]));
    return findings.filter(({ id }) => known.has(id));
  }

  /** Seconds since the oldest of these was first seen; 0 without any. */
  oldestSeconds(findings: readonly AuditFinding[]): number {
    const first = Math.min(...findings.map(({ id }) => this.#since.get(id) ?? this.#now()));
    return findings.length === 0 ? 0 : (this.#now() - first) / 1000;
  }
}
