import { type Finding, refuse, warn } from "./finding.ts";
import type { Wishes } from "./wishes.ts";
import type { RollingUpdate, Workload } from "./workload.ts";

/**
 * Whether there are enough addresses: for all pods of a workload, and for a rolling update that starts
 * new pods before old ones end. The policy beside the webhook (deploy/admission/policies.yaml) refuses
 * several pods that name one address.
 */
export function judgeNumbers(workload: Workload, wishes: Wishes): Finding[] {
  const { pods } = workload;
  if (pods === undefined) return [];
  const small = sizesOf(wishes).find(({ size }) => size < BigInt(pods));
  if (small !== undefined) return [tooSmall(small, workload, pods)];
  return judgeUpdate(workload, wishes, pods);
}

/** Kubernetes rounds the surge up and the unavailable down; where both are 0, one may be unavailable. */
export function resolveUpdate(
  { maxSurge, maxUnavailable }: RollingUpdate,
  pods: number,
): { readonly surge: number; readonly unavailable: number } {
  const surge = resolve(maxSurge, pods, Math.ceil);
  const unavailable = resolve(maxUnavailable, pods, Math.floor);
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

function judgeUpdate(workload: Workload, wishes: Wishes, pods: number): Finding[] {
  if (workload.rolling === undefined || pods === 0) return [];
  const { surge, unavailable } = resolveUpdate(workload.rolling, pods);
  if (unavailable > 0) return [];
  const named = wishes.fixed.map(({ source }) => ({ source, size: 1n }));
  const tight = [...named, ...sizesOf(wishes)].find(({ size }) => size === BigInt(pods));
  if (tight === undefined) return [];
  const addresses = pods === 1 ? "one address" : `${pods} addresses`;
  // An explicit 0 is meant; what Kubernetes only rounds to 0 may never be updated at all.
  const say = isZero(workload.rolling.maxUnavailable) ? refuse : warn;
  return [
    say(
      `a rolling update of ${nameOf(workload)} can never end: a new pod comes first (maxSurge ${surge}, maxUnavailable 0), ` +
        `and ${tight.source} has ${addresses} for ${pods === 1 ? "1 pod" : `${pods} pods`}; ` +
        "set strategy.type to Recreate, or maxSurge 0 and maxUnavailable 1",
    ),
  ];
}

function isZero(share: number | string): boolean {
  return share === 0 || share === "0%";
}

interface Size {
  readonly source: string;
  readonly size: bigint;
}

/** Of each family on its own: a pod of two families gets one address of each. */
function sizesOf({ sets }: Wishes): Size[] {
  return sets.flatMap(({ intervals, source }) =>
    ([4, 6] as const).flatMap((family) => {
      const own = intervals.filter(({ first }) => first.family === family);
      const size = own.reduce((sum, { first, last }) => sum + last.value - first.value + 1n, 0n);
      return size === 0n ? [] : [{ source, size }];
    }),
  );
}

function tooSmall({ size, source }: Size, workload: Workload, pods: number): Finding {
  return refuse(
    `${source} has ${size === 1n ? "1 address" : `${size} addresses`} for ${pods} pods of ${nameOf(workload)}: ` +
      `the others would never start; name at least ${pods} addresses, or run at most ${size} pods`,
  );
}

function nameOf({ kind, namespace, name }: Workload): string {
  return `${kind} ${namespace}/${name}`;
}

/** Kubernetes has refused before what it cannot read; as 0 it refuses nothing here. */
function resolve(share: number | string, pods: number, round: (value: number) => number): number {
  if (typeof share === "number") return share;
  const percent = Number(/^(\d+)%$/.exec(share)?.[1] ?? 0);
  return round((percent * pods) / 100);
}
