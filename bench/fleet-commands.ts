import type { EtcdSettings } from "../src/config/network-configuration.ts";
import type { Tallied } from "../test/kit/fleet/tally.ts";

/** What one process of a simulated cluster begins with. */
export interface FleetProcess {
  readonly settings: EtcdSettings;
  readonly prefix: string;
  readonly nodes: number;
  /** Addresses of the pool, and how many of them this process fills. */
  readonly pool: number;
  readonly part: number;
  readonly coolingSeconds: number;
  readonly betweenMs: number;
  readonly seed: number;
}

/** What a process is told to do; it counts what that costs under the name of the phase. */
export type Command = { readonly phase?: string } & (
  | { readonly do: "fill" | "end"; readonly count: number }
  | { readonly do: "churn"; readonly count: number; readonly everyMs: number }
  | { readonly do: "restart"; readonly withinMs: number; readonly count: number; readonly everyMs: number }
  | { readonly do: "start fixed" | "lose"; readonly nodes: number; readonly numbers: readonly number[] }
  | { readonly do: "report" }
);

/** What a process tells: how many addresses of the pool its pods have, now and then; and when a command is done. */
export interface Answer {
  readonly done?: boolean;
  readonly given?: number;
  readonly faults?: readonly string[];
  readonly lost?: number;
  readonly costs?: Tallied;
  /** Container and address. */
  readonly books?: readonly (readonly [string, string])[];
  readonly residentMiB?: number;
}
