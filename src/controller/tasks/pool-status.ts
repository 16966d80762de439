import { CAPS } from "../../address/caps.ts";
import { cut } from "../../address/cut.ts";
import { visibleLine } from "../../address/visible.ts";
import type { PoolFault } from "../../config/settings/pools-in-force.ts";
import type { Usage } from "../../ipam/audit/usage.ts";
import { inFull } from "../../ipam/errors.ts";
import type { PoolOfApi } from "../../kubernetes/api/shapes.ts";

const COUNTS = ["size", "used", "reserved", "cooling", "free"] as const;

/** Counts as people see them: with both families, "IPv4/IPv6". Null ends what an earlier status said. */
export type PoolCounts = Readonly<Record<(typeof COUNTS)[number], string | null>>;

export interface PoolStatus extends PoolCounts {
  readonly observedGeneration: number;
  readonly conditions: readonly [Condition];
}

interface Condition {
  readonly type: "Ready";
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
}

/**
 * What the status of a pool should say.
 *
 * @param usages of the pool, one for each family; none where it is not in force.
 */
export function poolStatus(
  { metadata: { generation } }: Pick<PoolOfApi, "metadata">,
  fault: PoolFault | undefined,
  usages: readonly Usage[],
): PoolStatus {
  const ready =
    fault === undefined
      ? ({ status: "True", reason: "InForce", message: "networks may use it" } as const)
      : ({ status: "False", reason: fault.reason, message: shown(fault) } as const);
  return {
    observedGeneration: generation,
    ...countsOf(usages),
    conditions: [{ type: "Ready", ...ready, observedGeneration: generation }],
  };
}

/** What differs: nothing, numbers alone, or what somebody waits for who has just changed the pool. */
export function differenceOf(before: unknown, after: PoolStatus): "none" | "counts" | "verdict" {
  const said = before as Partial<PoolStatus> | undefined;
  const { lastTransitionTime: _, ...condition } = (conditionOf(before) ?? {}) as Record<string, unknown>;
  const verdict = [said?.observedGeneration, condition];
  if (!Bun.deepEquals(verdict, [after.observedGeneration, after.conditions[0]])) return "verdict";
  return COUNTS.every((key) => (said?.[key] ?? null) === after[key]) ? "none" : "counts";
}

/** The body of the patch. @param now the time, which is for people: nobody compares it (NO-CLOCKS). */
export function statusPatch(before: unknown, after: PoolStatus, now: string): object {
  const [condition] = after.conditions;
  const earlier = conditionOf(before);
  const stays = earlier?.status === condition.status && typeof earlier.lastTransitionTime === "string";
  const lastTransitionTime = stays ? earlier.lastTransitionTime : now;
  return { status: { ...after, conditions: [{ ...condition, lastTransitionTime }] } };
}

function countsOf(usages: readonly Usage[]): PoolCounts {
  const text = (of: (usage: Usage) => bigint) =>
    usages.length === 0 ? null : usages.map((usage) => String(of(usage))).join("/");
  return {
    size: text(({ size }) => size),
    used: text(({ allocated }) => allocated),
    reserved: text(({ reserved }) => reserved),
    cooling: text(({ cooling }) => cooling),
    free: text(({ free }) => free),
  };
}

function shown({ error }: PoolFault): string {
  return cut(visibleLine(inFull(error)), CAPS.errorMessage);
}

function conditionOf(
  status: unknown,
): { readonly status?: unknown; readonly lastTransitionTime?: unknown } | undefined {
  const { conditions } = (status ?? {}) as { conditions?: unknown };
  return Array.isArray(conditions) ? conditions.find((each) => each?.type === "Ready") : undefined;
}
