import type { AuditFinding } from "./types.ts";

/** Which findings last over several audits, and for how long, by this process's own clock (NO-CLOCKS). */
export class FindingAges {
  readonly #now: () => number;
  #since = new Map<string, number>();

  /** @param now this process's monotonic clock, in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Notes the findings of the next audit. @returns those that the audit before had too. */
  note<T extends Pick<AuditFinding, "id">>(findings: readonly T[]): T[] {
    const known = this.#since;
    this.#since = new Map(findings.map(({ id }) => [id, known.get(id) ?? this.#now()]));
    return findings.filter(({ id }) => known.has(id));
  }

  /** Seconds since the oldest of these findings was first noted; 0 without any. */
  oldestSeconds(findings: readonly Pick<AuditFinding, "id">[]): number {
    const first = Math.min(...findings.map(({ id }) => this.#since.get(id) ?? this.#now()));
    return findings.length === 0 ? 0 : (this.#now() - first) / 1000;
  }
}
