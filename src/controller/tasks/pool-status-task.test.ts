import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { refTo } from "../../ipam/ref-to.ts";
import { StoreIndex } from "../../ipam/survey/store-index.ts";
import type { ApiPath } from "../../kubernetes/api/path.ts";
import type { PoolOfApi } from "../../kubernetes/api/shapes.ts";
import type { ControllerContext } from "../context/context.ts";
import { ControllerPools } from "../context/pools.ts";
import type { Survey } from "../survey/survey.ts";
import { poolStatusTask } from "./pool-status-task.ts";

/** The leader's status of pools, of a store and a cluster that the test tells. */

const CREATED = "2026-01-01T00:00:00Z";

function lead(file: object = {}) {
  const index = new StoreIndex();
  const objects = new Map<string, PoolOfApi>();
  const patches: [string, Record<string, unknown>][] = [];
  let now = 0;
  const log: string[] = [];
  const pools = new ControllerPools({ path: "/f", text: JSON.stringify(file) }, (_, text) => log.push(text));
  const api = {
    request: async (
      path: ApiPath,
      _deadline: number,
      { body }: { body: { status: Record<string, unknown> } },
    ) => {
      const name = path.split("/").at(-2) ?? "";
      patches.push([name, body.status]);
      const before = objects.get(name);
      if (before !== undefined) show({ ...before, status: { ...(before.status as object), ...body.status } });
      return { ok: true, httpStatus: 200, body: {} };
    },
  };
  const context = { api, intervalMs: 30_000, pools } as unknown as ControllerContext;
  const survey = { counted: async () => index } as unknown as Survey;
  const task = poolStatusTask(context, survey, () => now);
  const show = (object: PoolOfApi) => {
    objects.set(object.metadata.name, object);
    pools.see({ kind: "listing" });
    for (const each of objects.values()) pools.see({ kind: "present", object: each });
    pools.see({ kind: "listed" });
  };
  const apply = (name: string, spec: object, generation = 1, status?: object) =>
    show({ metadata: { name, uid: name, generation, creationTimestamp: CREATED }, spec, status });
  const round = async (passed = 0) => {
    now += passed;
    const before = patches.length;
    await task.round({ deadline: 0, signal: new AbortController().signal });
    return patches.slice(before);
  };
  const hold = (text: string) => {
    const ref = refTo.allocation("default", parseAddress(text));
    index.put({ ref, record: { version: 1, holders: [], origin: "dynamic", since: CREATED }, revision: 1 });
  };
  return { apply, round, hold, log, pools };
}

test("K277: numbers are written when they change, once in a round, and what somebody waits for at once", async () => {
  const { apply, hold, round } = lead();
  apply("db", { subnets: ["10.1.0.0/24", "2001:db8::/64"] });
  const [[name, status] = ["", {}]] = await round();
  expect(name).toBe("db");
  expect(status).toMatchObject({
    observedGeneration: 1,
    size: "253/18446744073709551614",
    used: "0/0",
    reserved: "0/0",
    cooling: "0/0",
    free: "253/18446744073709551614",
    conditions: [{ type: "Ready", status: "True", reason: "InForce", observedGeneration: 1 }],
  });
  expect(await round(60_000)).toEqual([]);
  hold("10.1.0.9");
  expect(await round(30_000)).toMatchObject([["db", { used: "1/0", free: "252/18446744073709551614" }]]);
  hold("10.1.0.10");
  expect(await round(29_000)).toEqual([]);
  expect(await round(1_000)).toMatchObject([["db", { used: "2/0" }]]);
  apply("db", { subnets: ["10.1.0.0/25"] }, 2);
  expect(await round()).toMatchObject([
    ["db", { observedGeneration: 2, size: "125", used: "2", free: "123" }],
  ]);
});

test("K277: a pool that is not in force has a reason and no numbers, and the log has it once", async () => {
  const { apply, log, round } = lead({ pools: { web: { subnets: ["10.7.0.0/24"] } } });
  apply("db", { subnets: ["10.1.0.0/24"] });
  await round();
  apply("db", { subnets: ["10.7.0.0/25"] }, 2);
  apply("web", { subnets: ["10.8.0.0/24"] });
  const ended = { size: null, used: null, reserved: null, cooling: null, free: null };
  expect(await round()).toMatchObject([
    ["db", { ...ended, conditions: [{ status: "False", reason: "SharesAddresses" }] }],
    [
      "web",
      {
        ...ended,
        conditions: [
          {
            status: "False",
            reason: "DefinedByNode",
            message:
              "Pool web has no effect: /f defines a pool 'web' of its own: the node's file wins: remove the pool there, or give this one another name",
          },
        ],
      },
    ],
  ]);
  expect(await round(60_000)).toEqual([]);
  expect(log.filter((line) => line.startsWith("Pool web"))).toHaveLength(1);
});

test("K277: many pools are counted more seldom, so that no agent hears more of them", async () => {
  const { apply, hold, round } = lead();
  for (let number = 0; number < 30; number++) apply(`p${number}`, { subnets: [`10.1.${number}.0/24`] });
  expect(await round()).toHaveLength(30);
  for (let number = 0; number < 30; number++) hold(`10.1.${number}.9`);
  expect(await round(59_000)).toEqual([]);
  expect(await round(1_000)).toHaveLength(30);
});

test("K277: a new leader goes on where the one before it ended", async () => {
  const earlier = lead();
  const spec = { subnets: ["10.1.0.0/24"] };
  earlier.apply("db", spec);
  const [[, status] = ["", {}]] = await earlier.round();
  const { apply, hold, round } = lead();
  apply("db", spec, 1, status);
  expect(await round()).toEqual([]);
  hold("10.1.0.9");
  const [[, next] = ["", {}]] = await round();
  expect(next).toMatchObject({ used: "1" });
  // The condition is as old as it was.
  expect(next.conditions).toEqual(status.conditions);
});

test("K279: who may reserve what waits until the cluster's pools are known", () => {
  const { apply, pools } = lead();
  expect(() => pools.all).toThrow("the cluster's pools were not read yet");
  apply("db", { subnets: ["10.1.0.0/24"] });
  expect(pools.all.map(({ name }) => name)).toEqual(["db"]);
});
