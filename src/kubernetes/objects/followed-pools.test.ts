import { expect, test } from "bun:test";
import type { ClusterPools } from "../../config/settings/cluster-pools.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Seen } from "../../ipam/inventory-port.ts";
import { POOLS } from "../api/kinds.ts";
import { NoSuchKind } from "../api/refused.ts";
import type { PoolOfApi } from "../api/shapes.ts";
import { FollowedPools } from "./followed-pools.ts";

const object = (name: string, generation = 1, status: unknown = undefined): PoolOfApi => ({
  metadata: { name, uid: `uid-${name}`, generation, creationTimestamp: "2026-01-01T00:00:00Z" },
  spec: { generation },
  status,
});
const present = (...of: Parameters<typeof object>): Seen<PoolOfApi> => ({
  kind: "present",
  object: object(...of),
});
const list = (...names: string[]): Seen<PoolOfApi>[] => [
  { kind: "listing" },
  ...names.map((name) => present(name)),
  { kind: "listed" },
];
const away = new IpamError("tryAgain", "away", "try again");

function follow(before?: ClusterPools) {
  const told: string[][] = [];
  const failures: unknown[] = [];
  const pools = new FollowedPools(
    {
      changed: (known) => told.push(known.objects.map(({ name }) => name)),
      failed: (failure) => failures.push(failure),
    },
    before,
  );
  const see = (...all: Seen<PoolOfApi>[]) => {
    for (const seen of all) pools.see(seen);
  };
  return { pools, told, failures, see };
}

test("K273: the agent's pools follow the cluster's; a status that is written changes nothing", () => {
  const { pools, told, see } = follow();
  expect(pools.known.missing).toMatchObject({ code: 11 });
  see(...list("a", "b"));
  const first = pools.known;
  expect(first.missing).toBeUndefined();
  see(present("a", 1, { used: "1" }), present("b", 1, { used: "2" }));
  expect(pools.known).toBe(first);
  expect(pools.objects.get("a")?.status).toEqual({ used: "1" });
  see(present("b", 2), { kind: "gone", object: object("a") });
  expect(told).toEqual([["a", "b"], ["a", "b"], ["b"]]);
});

test("K273: a new list forgets what it does not show, at its end and not before", () => {
  const { pools, told, see } = follow();
  see(...list("a", "b"), { kind: "listing" }, present("b"));
  expect(pools.known.objects).toHaveLength(2);
  see({ kind: "listed" });
  expect(told).toEqual([["a", "b"], ["b"]]);
});

test("K273: what was known last stays in force while nobody answers, also what an earlier process knew", () => {
  const { pools, failures, see } = follow({ objects: [{ name: "old", spec: {}, created: "" }] });
  pools.fail(away);
  expect(pools.known).toMatchObject({ objects: [{ name: "old" }], missing: away });
  see(...list("a"));
  pools.fail(away);
  expect(pools.known).toMatchObject({ objects: [{ name: "a" }] });
  expect(pools.known.missing).toBeUndefined();
  expect(failures).toHaveLength(2);
});

test("K273: a cluster without the custom resource has no pools, and that is no failure", () => {
  const { pools, failures, see } = follow();
  see({ kind: "listing" });
  pools.fail(new NoSuchKind(POOLS));
  expect(pools.known).toEqual({ objects: [] });
  expect(failures).toEqual([]);
});

test("K273: pools that are known are not forgotten because one API server does not know the kind for a moment", () => {
  const { pools, see } = follow();
  const absent = (times: number) => {
    for (let time = 0; time < times; time++) {
      see({ kind: "listing" });
      pools.fail(new NoSuchKind(POOLS));
    }
  };
  see(...list("a"));
  absent(4);
  see(...list("a"));
  absent(4);
  expect(pools.known.objects).toHaveLength(1);
  absent(1);
  expect(pools.known).toEqual({ objects: [] });
});
