import type { PoolInSpace } from "../../config/parse/parse-node-configuration.ts";
import { FindingAges } from "../../ipam/audit/finding-ages.ts";
import { usageOf } from "../../ipam/audit/usage.ts";
import { warnOfDamage } from "../../ipam/integrity/damage.ts";
import { Findings } from "../../ipam/survey/findings.ts";
import type { StoreIndex } from "../../ipam/survey/store-index.ts";
import { takenIn } from "../../ipam/survey/taken.ts";
import type { ControllerContext } from "../context/context.ts";
import type { Survey } from "../survey/survey.ts";
import { giversOf } from "./range-givers.ts";
import type { RoundOptions, Task } from "./task.ts";

/** Counts pools and networks, and what is wrong in the store, for the gauges. Changes nothing. */
export function countTask({ metrics, pools, ports }: ControllerContext, survey: Survey): Task {
  const now = () => performance.now();
  const ages = new FindingAges(now);
  const { counts } = metrics;
  /** Which index was counted, and how much had changed in it. */
  let counted: { index: StoreIndex; changes: number; inForce: readonly PoolInSpace[] } | undefined;
  let findings: { readonly index: StoreIndex; readonly of: Findings; rounds: number } | undefined;

  const countRanges = (index: StoreIndex) => {
    const { changes } = index;
    const { inForce } = pools;
    if (counted?.index === index && counted.changes === changes && counted.inForce === inForce) return;
    for (const { failure } of index.damaged.values()) warnOfDamage(failure, ports);
    counts.setUsage(usageOf(giversOf(inForce, index), takenIn(index)));
    counted = { index, changes, inForce };
  };

  const countFindings = async (index: StoreIndex, options: RoundOptions) => {
    if (findings?.index !== index) {
      const known = { store: index, pods: survey.pods, nodes: survey.nodes };
      findings = { index, of: new Findings(known, ports, now), rounds: 0 };
    }
    await findings.of.round(options);
    // Whatever is wrong shows in the second round: until then what the index before has found stays.
    if (findings.rounds++ === 0) return;
    const all = findings.of.all();
    ages.note(all);
    if (options.signal.aborted) return;
    counts.setFindings(all, ages.oldestSeconds(all.filter(({ kind }) => kind === "leak")));
  };

  /** Gives back what changes have left behind: by itself the engine keeps what it once had. */
  let tidied = 0;
  const tidy = (index: StoreIndex) => {
    const changes = index.changes + survey.pods.changes;
    if (changes === tidied) return;
    tidied = changes;
    Bun.gc(true);
  };

  return {
    name: "counts",
    timeoutMs: 60_000,
    round: async (options) => {
      const index = await survey.counted(options);
      if (options.signal.aborted) return "later";
      countRanges(index);
      if (survey.everything() !== index) return "soon";
      await countFindings(index, options);
      tidy(index);
      return "later";
    },
    stop: () => counts.clear(),
  };
}
