import { readdirSync } from "node:fs";
import { Gauge, type Registry } from "prom-client";

/** What the agent's process uses, under the names that every exporter gives it. */
export function registerProcessMetrics(registers: Registry[]): void {
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory of the agent.",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: "process_open_fds",
    help: "Open file descriptors of the agent.",
    registers,
    collect() {
      this.set(readdirSync("/proc/self/fd").length);
    },
  });
}
