import type { Interval } from "../address/interval.ts";
import type { RangeSet } from "../address/range.ts";

/** One network of the configuration, as far as decisions about addresses need it. */
export interface Network {
  readonly name: string;
  /** Scope in which an address is unique (design section 3, "address space"). */
  readonly space: string;
  /** One address comes from each set, in this order. */
  readonly sets: readonly RangeSet[];
  readonly exclude: readonly Interval[];
  readonly coolingSeconds: number;
  /** ADD may not create the store's identity (ONE-STORE). */
  readonly requireInit: boolean;
  readonly policy?: PoolPolicy;
}

/** Who may take addresses here (design section 7, pools). An absent field allows everybody. */
export interface PoolPolicy {
  readonly pool: string;
  readonly nodes?: Readonly<Record<string, string>>;
  readonly namespaces?: readonly string[];
  readonly fixedNamespaces?: readonly string[];
  readonly maxPerNamespace?: number;
}
