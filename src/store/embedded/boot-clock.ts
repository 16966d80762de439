import { readFileSync } from "node:fs";

/**
 * Time that no administrator and no time server can turn (NO-CLOCKS): seconds since this boot. A
 * record that expires is stamped with the boot too; after a reboot it has expired.
 */
export interface BootClock {
  readonly boot: string;
  seconds(): number;
}

export function bootClock(): BootClock {
  return {
    boot: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    seconds: () => Number.parseFloat(readFileSync("/proc/uptime", "utf8")),
  };
}
