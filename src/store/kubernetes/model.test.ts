import { expect, test } from "bun:test";
import { seededRandom } from "../../ipam/testing/seeded-random.ts";
import { runModel } from "./testing/model.ts";

const SEEDS = Number(process.env.KUBE_IPAM_MODEL_SEEDS ?? 100);
const FIRST = Number(process.env.KUBE_IPAM_MODEL_SEED ?? 1);

test.each([
  ["K251: processes that nothing happens to", 0],
  ["K252: processes that are stopped, die, and get no answer or two", 5],
  ["K253: the same where every third call meets it", 30],
])(
  "%s",
  async (_, faults) => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++)
      await runModel(seededRandom(seed), faults).catch((failure) => {
        throw new Error(`seed ${seed}, faults ${faults}: ${failure.message}`, { cause: failure });
      });
    expect(SEEDS).toBeGreaterThan(0);
  },
  60_000,
);
