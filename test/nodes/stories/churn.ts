import type { Stage } from "../../kit/nodes/stage.ts";
import { eventually } from "../../kit/wait.ts";
import { podsOf, running, type Seen } from "./workloads.ts";

/** Runs `hurt` again and again until `work` has ended; throws what either throws. */
export async function whilst<T>(work: Promise<T>, hurt: (round: number) => Promise<void>): Promise<T> {
  let over = false;
  const hurting = (async () => {
    for (let round = 0; !over; round += 1) await hurt(round);
  })();
  try {
    return await work;
  } finally {
    over = true;
    await hurting;
  }
}

/** Deletes all pods of a workload at once and waits until as many others run. */
export async function recreate(stage: Stage, app: string, before: readonly Seen[]): Promise<Seen[]> {
  await deleteAll(stage, app);
  return renewed(stage, app, before);
}

export async function deleteAll({ kubernetes }: Stage, app: string): Promise<void> {
  await kubernetes.request("DELETE", `/api/v1/namespaces/default/pods?labelSelector=app%3D${app}`);
}

/** Waits until none of `before` is left and as many others run. */
export function renewed(stage: Stage, app: string, before: readonly Seen[]): Promise<Seen[]> {
  const old = new Set(before.map(({ uid }) => uid));
  return eventually(async () => {
    const after = await running(stage, app, before.length, 480_000);
    return after.some(({ uid }) => old.has(uid)) ? undefined : after;
  }, 480_000);
}

/** Waits until at least so many pods run that are none of `before`. */
export async function underWay(
  stage: Stage,
  app: string,
  before: readonly Seen[],
  count: number,
): Promise<void> {
  const old = new Set(before.map(({ uid }) => uid));
  await eventually(async () => {
    const pods = await podsOf(stage, app);
    if (pods.filter(({ uid }) => !old.has(uid)).length >= count) return true;
    await Bun.sleep(200);
    return undefined;
  }, 240_000);
}
