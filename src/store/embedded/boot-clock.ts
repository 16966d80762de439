import { readFileSync } from "node:fs";

/**
 * Seconds since this boot, a time that no administrator and no time server can set (NO-CLOCKS). A record
 * that expires has the boot's ID too; after a reboot it has expired.
 */
export interface BootClock {
  readonly boot: string;
  seconds(): number;
}

/** The kernel's clock (proc(5): uptime, random/boot_id). Reads nothing before it is used. */
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
