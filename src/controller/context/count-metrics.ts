import { Gauge, type Registry } from "prom-client";
import { visibleLine } from "../../address/visible.ts";
import type { AuditFinding } from "../../ipam/audit/types.ts";
import type { Usage } from "../../ipam/audit/usage.ts";

const FINDINGS = ["leak", "duplicate", "unknown", "inconsistent", "wish", "damaged"] as const;

/** What the leader counts in the store; other replicas show none of it. */
export class CountMetrics {
  readonly #gauges: Gauge[] = [];
  readonly #registry: Registry;
  readonly #size: Gauge;
  readonly #allocated: Gauge;
  readonly #reserved: Gauge;
  readonly #cooling: Gauge;
  readonly #free: Gauge;
  readonly #findings: Gauge;
  readonly #oldestLeak: Gauge;
  readonly #storeSuspect: Gauge;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#size = this.#ofRange("addresses", "Addresses of a pool or network that are given out dynamically.");
    this.#allocated = this.#ofRange("allocated_addresses", "Of these, allocated addresses.");
    this.#reserved = this.#ofRange("reserved_addresses", "Of these, reserved addresses, allocated or not.");
    this.#cooling = this.#ofRange(
      "cooling_addresses",
      "Of these, addresses freed a moment ago, which are given out again last.",
    );
    this.#free = this.#ofRange("free_addresses", "Of these, addresses neither allocated nor reserved.");
    this.#findings = this.#make(
      "kube_ipam_findings",
      "Problems of store, pods and nodes that lasted for two rounds: leak, duplicate, unknown, inconsistent, wish, damaged.",
      ["kind"],
    );
    this.#oldestLeak = this.#make(
      "kube_ipam_oldest_leak_seconds",
      "How long this leader has seen the oldest allocation whose pod is gone.",
      [],
    );
    this.#storeSuspect = this.#make(
      "kube_ipam_store_suspect",
      "1 while the store gives out no addresses because a node found it thrown back to an earlier state.",
      [],
    );
  }

  setStoreSuspect(suspect: boolean): void {
    this.#storeSuspect.set(suspect ? 1 : 0);
  }

  setUsage(usages: readonly Usage[]): void {
    const gauges = [this.#size, this.#allocated, this.#reserved, this.#cooling, this.#free];
    for (const gauge of gauges) gauge.reset();
    for (const { allocated, cooling, family, free, name, reserved, size, source, space } of usages) {
      const labels = {
        space: visibleLine(space),
        source,
        name: visibleLine(name),
        family: String(family),
      };
      this.#size.set(labels, Number(size));
      this.#allocated.set(labels, Number(allocated));
      this.#reserved.set(labels, Number(reserved));
      this.#cooling.set(labels, Number(cooling));
      this.#free.set(labels, Number(free));
    }
  }

  setFindings(findings: readonly Pick<AuditFinding, "kind">[], oldestLeakSeconds: number): void {
    for (const kind of FINDINGS)
      this.#findings.set({ kind }, findings.filter((finding) => finding.kind === kind).length);
    this.#oldestLeak.set(oldestLeakSeconds);
  }

  /** A replica that no longer leads shows nothing. */
  clear(): void {
    for (const gauge of this.#gauges) gauge.reset();
  }

  #ofRange(name: string, help: string): Gauge {
    return this.#make(`kube_ipam_range_${name}`, help, ["space", "source", "name", "family"]);
  }

  #make(name: string, help: string, labelNames: string[]): Gauge {
    const gauge = new Gauge({ name, help, labelNames, registers: [this.#registry] });
    this.#gauges.push(gauge);
    return gauge;
  }
}
