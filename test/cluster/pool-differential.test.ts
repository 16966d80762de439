import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseNodeConfiguration } from "../../src/config/parse/parse-node-configuration.ts";
import { nearPool } from "../fuzz/pool-spec.ts";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { installPools } from "../kit/pool-resources.ts";

/** docs/behaviour.md K353: what a real API server takes for a pool is what kube-ipam's own parser takes, and the reverse. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`pools judged twice: ${missing}`, () => {});

const SPECS = Number(process.env.KUBE_IPAM_POOL_SPECS ?? 400);
const SEED = Number(process.env.KUBE_IPAM_FUZZ_SEED ?? Math.floor(Math.random() * 0x7fff_ffff));

/** What CEL cannot see, or not at a price that an API server lets rules have: told by the condition Ready. */
function isOnlyOurs(ours: string): boolean {
  if (/shares? addresses|overlap|no higher than|exclude\[\d+\] must be in the range's own subnet/.test(ours))
    return true;
  return /exclude\[\d+\] must be an address, .*, got "[\d.a-f:]+ *- *[\d.a-f:]+"$/i.test(ours);
}

/** What the API server alone refuses: IPv4 written as IPv6, by Kubernetes' own rule, and an empty gateway. */
const ONLY_THEIRS = /::ffff:\d+\.|"gateway":""/i;

describe.skipIf(missing !== undefined)("pools judged twice", () => {
  let kubernetes: Kubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await installPools(kubernetes);
  }, 120_000);
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

  test("K353: an API server's rules and kube-ipam's parser take the same specs", async () => {
    const specs = fc.sample(nearPool, { numRuns: SPECS, seed: SEED });
    const differing: object[] = [];
    const taken = { both: 0, neither: 0 };
    for (const spec of specs) {
      const theirs = await refusalOfServer(spec);
      const ours = refusalOfParser(spec);
      if ((theirs === undefined) === (ours === undefined))
        taken[ours === undefined ? "both" : "neither"] += 1;
      else if (ours === undefined ? !ONLY_THEIRS.test(JSON.stringify(spec)) : !isOnlyOurs(ours))
        differing.push({ spec, theirs, ours });
    }
    expect({ seed: SEED, differing }).toEqual({ seed: SEED, differing: [] });
    // Most specs are nearly right: both verdicts are met.
    expect(Math.min(taken.both, taken.neither)).toBeGreaterThan(SPECS / 20);
  }, 300_000);

  async function refusalOfServer(spec: object): Promise<string | undefined> {
    const body = { apiVersion: "kube-ipam.io/v1", kind: "Pool", metadata: { name: "tried" }, spec };
    try {
      await kubernetes.request("POST", "/apis/kube-ipam.io/v1/pools?dryRun=All", body);
      return undefined;
    } catch (failure) {
      return String(failure);
    }
  }
});

function refusalOfParser(spec: object): string | undefined {
  const { poolFaults } = parseNodeConfiguration({
    path: "/etc/kube-ipam/config.json",
    text: "{}",
    clusterPools: { objects: [{ name: "tried", spec, created: "2026-11-29T13:14:43Z" }] },
  });
  return poolFaults.get("tried")?.error.message;
}
