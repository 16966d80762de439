import { describe, expect, test } from "bun:test";
import type { EtcdClient } from "./client.ts";
import { makeLeases } from "./leases.ts";

/** Grants leases 1, 2, … and writes down the time each one lives. */
function fakeClient() {
  const granted: number[] = [];
  const connection = {
    call: async (_: unknown, { TTL }: { TTL: bigint }) => {
      granted.push(Number(TTL));
      return { ID: BigInt(granted.length) };
    },
  };
  const client = {
    read: (call: (on: typeof connection) => unknown) => call(connection),
  } as unknown as EtcdClient;
  return { client, granted };
}

const options = { deadline: Number.POSITIVE_INFINITY };

describe("leases", () => {
  test("are shared by all that ask within a sixth of the time, and live that much longer", async () => {
    const { client, granted } = fakeClient();
    const leases = makeLeases(client);
    expect(await Promise.all([1, 2, 3].map(() => leases.lease(60, options)))).toEqual([1n, 1n, 1n]);
    expect(await leases.lease(30, options)).toBe(2n);
    expect(granted).toEqual([70, 35]);
  });

  test("of a few seconds are not shared, as they would live much longer", async () => {
    const { client, granted } = fakeClient();
    const leases = makeLeases(client);
    expect(await leases.lease(2, options)).toBe(1n);
    expect(await leases.lease(2, options)).toBe(2n);
    expect(granted).toEqual([2, 2]);
  });

  test("K237: of however many times to live few are remembered, those asked for last", async () => {
    const { client, granted } = fakeClient();
    const leases = makeLeases(client);
    for (let seconds = 60; seconds < 260; seconds++) await leases.lease(seconds, options);
    await leases.lease(259, options);
    expect(granted).toHaveLength(200);
    await leases.lease(60, options);
    expect(granted).toHaveLength(201);
  });

  test("that vanished are not given out again", async () => {
    const { client } = fakeClient();
    const leases = makeLeases(client);
    const lost = await leases.lease(60, options);
    await leases.forget(lost);
    expect(await leases.lease(60, options)).toBe(2n);
    await leases.forget(lost);
    expect(await leases.lease(60, options)).toBe(2n);
  });
});
