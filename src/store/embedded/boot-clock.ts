import { readFileSync } from "node:fs";

/**
 * Time that no administrator and no time server can turn (NO-CLOCKS): seconds since this boot. A
 * record that expires is stamped with the boot too; after a reboot it has expired.
 */
export interface BootClock {
  readonly boot: string;
  seconds(): number;
}

/** The kernel's clock; it reads nothing before it is asked (proc(5): uptime, random/boot_id). */
export function bootClock(): BootClock {
  let boot: string | undefined;
  return {
    get boot() {
      boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
      return boot;
    },
    seconds: () => Number.parseFloat(readFileSync("/proc/uptime", "utf8")),
  };
}
