import { expect, test } from "bun:test";
import { seededRandom } from "../../ipam/testing/seeded-random.ts";
import { runModel } from "./testing/model.ts";
import { ALL_FATES, LATE_WRITES } from "./testing/process.ts";

const SEEDS = Number(process.env.KUBE_IPAM_MODEL_SEEDS ?? 100);
const FIRST = Number(process.env.KUBE_IPAM_MODEL_SEED ?? 1);

test.each([
  ["K251: processes that nothing happens to", 0, ALL_FATES],
  ["K252: processes that are stopped, die, and get no answer or two", 5, ALL_FATES],
  ["K253: the same where every third call meets it", 30, ALL_FATES],
  ["K345: what dead processes have sent comes late, after the DELs of their containers", 30, LATE_WRITES],
])(
  "%s",
  async (_, faults, fates) => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++)
      await runModel(seededRandom(seed), faults, fates).catch((failure) => {
        throw new Error(`seed ${seed}, faults ${faults}: ${failure.message}`, { cause: failure });
      });
    expect(SEEDS).toBeGreaterThan(0);
  },
  60_000,
);
