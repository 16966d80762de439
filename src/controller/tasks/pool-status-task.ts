import type { PoolInSpace } from "../../config/parse/parse-node-configuration.ts";
import { type Usage, usageOf } from "../../ipam/audit/usage.ts";
import type { StoreIndex } from "../../ipam/survey/store-index.ts";
import { takenIn } from "../../ipam/survey/taken.ts";
import { POOLS } from "../../kubernetes/api/kinds.ts";
import { below, pathOf } from "../../kubernetes/api/path.ts";
import type { PoolOfApi } from "../../kubernetes/api/shapes.ts";
import type { ControllerContext } from "../context/context.ts";
import type { Survey } from "../survey/survey.ts";
import { differenceOf, type PoolStatus, poolStatus, statusPatch } from "./pool-status.ts";
import { poolGiver } from "./range-givers.ts";
import type { RoundOptions, Task } from "./task.ts";

/** All agents hear of each status that is written: numbers are, over all pools, at most as often as this. */
const SPACING_MS = 2_000;

/**
 * Writes how full the cluster's pools are, and whether they are in force, into their status: what somebody waits for at
 * once, numbers at most once in a round, or more seldom where there are many pools, and only where they have changed.
 * Counts by the index of the store, which scans nothing.
 */
export function poolStatusTask(
  { api, intervalMs, pools }: ControllerContext,
  survey: Survey,
  now = () => performance.now(),
): Task {
  let counted: { index: StoreIndex; changes: number; inForce: readonly PoolInSpace[] } | undefined;
  let usages = new Map<string, Usage[]>();
  /** When numbers of a pool were last written. */
  let written = new Map<string, number>();

  const count = (index: StoreIndex) => {
    const { changes } = index;
    const { inForce } = pools;
    if (counted?.index === index && counted.changes === changes && counted.inForce === inForce) return;
    const ofCluster = inForce.filter(({ name }) => pools.objects.has(name) && !pools.faults.has(name));
    usages = Map.groupBy(usageOf(ofCluster.map(poolGiver), takenIn(index)), ({ name }) => name);
    counted = { index, changes, inForce };
  };

  const write = async ({ metadata, status }: PoolOfApi, wanted: PoolStatus, { deadline }: RoundOptions) => {
    const body = statusPatch(status, wanted, new Date().toISOString());
    const name = { name: metadata.name };
    const path = below(pathOf(POOLS, name), "status");
    const contentType = "application/merge-patch+json";
    const answer = await api.request(path, deadline, { method: "PATCH", contentType, body });
    // It went meanwhile.
    if (!answer.ok && answer.httpStatus !== 404)
      throw api.refusal(answer, { verb: "patch", kind: POOLS, name });
  };

  return {
    name: "pools",
    timeoutMs: 60_000,
    round: async (options) => {
      if (pools.objects.size === 0) return "later";
      count(await survey.counted(options));
      const least = Math.max(intervalMs, SPACING_MS * pools.objects.size);
      written = new Map([...written].filter(([name]) => pools.objects.has(name)));
      for (const object of [...pools.objects.values()]) {
        if (options.signal.aborted) break;
        const { name } = object.metadata;
        const wanted = poolStatus(object, pools.faults.get(name), usages.get(name) ?? []);
        const differs = differenceOf(object.status, wanted);
        const last = written.get(name);
        const mayCount = last === undefined || now() - last >= least;
        if (differs === "none" || (differs === "counts" && !mayCount)) continue;
        await write(object, wanted, options);
        written.set(name, now());
      }
      return "later";
    },
    onWake: (wake) => pools.onChange(wake),
  };
}
