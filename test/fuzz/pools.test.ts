import fc from "fast-check";
import { overlaps } from "../../src/address/interval.ts";
import { parseNodeConfiguration } from "../../src/config/parse/parse-node-configuration.ts";
import { poolIntervals } from "../../src/config/settings/pools.ts";
import { poolStatus } from "../../src/controller/tasks/pool-status.ts";
import { expectAtMost, expectVisible } from "./bounds.ts";
import { fuzz } from "./fuzz.ts";
import { hostilePool } from "./pool-spec.ts";

/** docs/behaviour.md K354: pools of the cluster, as an API server hands them on that judges nothing. */

const pools = fc.array(hostilePool, { minLength: 1, maxLength: 4 });

fuzz("pools of the cluster, read", pools, (specs) => {
  const objects = specs.map((spec, n) => ({ name: `pool-${n}`, spec, created: `2026-11-29T13:14:4${n}Z` }));
  const before = process.cpuUsage();
  const { pools: inForce, poolFaults } = parseNodeConfiguration({
    path: "/etc/kube-ipam/config.json",
    text: "{}",
    clusterPools: { objects },
  });
  const { user, system } = process.cpuUsage(before);
  expectAtMost("milliseconds of processor time", (user + system) / 1000, 4_000);
  if (inForce.length + poolFaults.size !== specs.length)
    throw new Error(
      `of ${specs.length} pools ${inForce.length} are in force, and ${poolFaults.size} are not`,
    );
  for (const fault of poolFaults.values()) {
    const [{ message }] = poolStatus({ metadata: { generation: 1 } } as Status, fault, []).conditions;
    expectAtMost("characters of a message", message.length, MOST_TOLD);
    expectVisible(message);
  }
  const parts = inForce.map((pool) => ({ pool, own: poolIntervals(pool).slice(0, MOST_COMPARED) }));
  for (const [n, a] of parts.entries())
    for (const b of parts.slice(n + 1))
      if (a.pool.space === b.pool.space && a.own.some((x) => b.own.some((y) => overlaps(x, y))))
        throw new Error(`${a.pool.name} and ${b.pool.name} are both in force, and share addresses`);
});

/** Intervals of one pool that are compared with each of another's. */
const MOST_COMPARED = 200;
/** Characters of the condition's message, with what says how many there were. */
const MOST_TOLD = 1_100;

type Status = Parameters<typeof poolStatus>[0];
