import { describe, expect, test } from "bun:test";
import { toBytes } from "../keys/bytes.ts";
import { makeSender, type Parcel } from "./batch.ts";
import type { EtcdClient } from "./client/client.ts";
import { EtcdFailure } from "./connect/etcd-failure.ts";
import { TxnResponse } from "./gen/rpc.ts";
import type { TxnInit } from "./txn.ts";

const CERTAIN = { trouble: "no-space", mayHaveHappened: false } as const;
const UNKNOWN = { trouble: "unreachable", mayHaveHappened: true } as const;

/** A transaction that writes `key` if `guarded` are as they were. */
function parcel(key: string, ...guarded: string[]): Parcel {
  const request: TxnInit = {
    compare: guarded.map((name) => ({ key: toBytes(name) })),
    success: [{ request: { $case: "requestPut", value: { key: toBytes(key) } } }],
  };
  return { request, guarded, written: [key] };
}

/** Keeps every request until it is answered by hand. */
function fakeClient() {
  const calls: { size: number; answer: (result: TxnResponse | Error) => void }[] = [];
  const write = (call: (on: unknown, rpc: unknown) => Promise<TxnResponse>) =>
    call({ call: (_: unknown, request: TxnInit) => keep(request) }, {});
  const keep = (request: TxnInit) =>
    new Promise((resolve, reject) => {
      const inner = (request.success ?? []).filter((op) => op.request?.$case === "requestTxn");
      calls.push({
        size: Math.max(1, inner.length),
        answer: (result) => (result instanceof Error ? reject(result) : resolve(result)),
      });
    });
  return { client: { write } as unknown as EtcdClient, calls };
}

function answers(revision: number, ...succeeded: boolean[]): TxnResponse {
  const [only] = succeeded;
  const header = { revision: BigInt(revision) };
  if (succeeded.length === 1) return TxnResponse.fromPartial({ header, succeeded: only === true });
  return TxnResponse.fromPartial({
    header,
    succeeded: true,
    responses: succeeded.map((won) => ({
      response: { $case: "responseTxn" as const, value: { succeeded: won } },
    })),
  });
}

const soon = () => ({ deadline: performance.now() + 2000 });
const kindOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "answered",
    (failure: EtcdFailure) => failure.kind,
  );

describe("transactions asked for", () => {
  test("alone are sent at once and as they are", async () => {
    const { client, calls } = fakeClient();
    const sent = makeSender(client)(parcel("a"), soon());
    expect(calls.map(({ size }) => size)).toEqual([1]);
    calls[0]?.answer(answers(7, true));
    expect(await sent).toMatchObject({ succeeded: true, header: { revision: 7n } });
  });

  test("while one is under way travel together, each with its own answer", async () => {
    const { client, calls } = fakeClient();
    const send = makeSender(client);
    const all = ["a", "b", "c", "d"].map((key) => send(parcel(key, key), soon()));
    expect(calls).toHaveLength(1);
    calls[0]?.answer(answers(7, true));
    await all[0];
    await Bun.sleep(0);
    expect(calls.map(({ size }) => size)).toEqual([1, 3]);
    calls[1]?.answer(answers(8, true, false, true));
    expect((await Promise.all(all)).map(({ succeeded, header }) => [succeeded, header?.revision])).toEqual([
      [true, 7n],
      [true, 8n],
      [false, 8n],
      [true, 8n],
    ]);
  });

  test("do not wait long for one that hangs", async () => {
    const { client, calls } = fakeClient();
    const send = makeSender(client);
    send(parcel("a"), soon()).catch(() => undefined);
    send(parcel("b"), soon()).catch(() => undefined);
    await Bun.sleep(30);
    expect(calls).toHaveLength(2);
  });

  test("never travel with one whose writes they guard or write", async () => {
    const { client, calls } = fakeClient();
    const send = makeSender(client);
    const all = [parcel("x"), parcel("a"), parcel("b", "a"), parcel("a"), parcel("c")].map((one) =>
      send(one, soon()),
    );
    calls[0]?.answer(answers(1, true));
    await all[0];
    await Bun.sleep(0);
    expect(calls[1]?.size).toBe(2);
    calls[1]?.answer(answers(2, true, true));
    await Promise.all([all[1], all[4]]);
    await Bun.sleep(0);
    expect(calls[2]?.size).toBe(2);
    calls[2]?.answer(answers(3, true, true));
    await Promise.all(all);
  });

  test("may guard what a later one writes: the earlier one saw it before", async () => {
    const { client, calls } = fakeClient();
    const send = makeSender(client);
    const all = [parcel("x"), parcel("a", "b"), parcel("b")].map((one) => send(one, soon()));
    calls[0]?.answer(answers(1, true));
    await all[0];
    await Bun.sleep(0);
    expect(calls[1]?.size).toBe(2);
    calls[1]?.answer(answers(2, true, true));
    await Promise.all(all);
  });

  test("and refused together are sent each by itself", async () => {
    const { client, calls } = fakeClient();
    const send = makeSender(client);
    const all = ["a", "b", "c"].map((key) => send(parcel(key), soon()));
    const kinds = Promise.all(all.map(kindOf));
    calls[0]?.answer(answers(1, true));
    await all[0];
    await Bun.sleep(0);
    calls[1]?.answer(new EtcdFailure("no-space", CERTAIN, "full"));
    await Bun.sleep(0);
    expect(calls.map(({ size }) => size)).toEqual([1, 2, 1, 1]);
    calls[2]?.answer(answers(2, true));
    calls[3]?.answer(new EtcdFailure("no-space", CERTAIN, "full"));
    expect(await kinds).toEqual(["answered", "answered", "no-space"]);
  });

  test("and lost together are unknown to all, and sent no second time", async () => {
    const { client, calls } = fakeClient();
    const send = makeSender(client);
    const all = ["a", "b", "c"].map((key) => send(parcel(key), soon()));
    const kinds = Promise.all(all.map(kindOf));
    calls[0]?.answer(answers(1, true));
    await all[0];
    await Bun.sleep(0);
    calls[1]?.answer(new EtcdFailure("unknown-outcome", UNKNOWN, "lost"));
    expect(await kinds).toEqual(["answered", "unknown-outcome", "unknown-outcome"]);
    expect(calls).toHaveLength(2);
  });

  test("give up at their own deadline, and know whether they were sent", async () => {
    const { client, calls } = fakeClient();
    const send = makeSender(client);
    const hanging = kindOf(send(parcel("a"), { deadline: performance.now() + 5 }));
    const waiting = kindOf(send(parcel("b"), { deadline: performance.now() + 5 }));
    expect(await Promise.all([hanging, waiting])).toEqual(["unknown-outcome", "unavailable"]);
    await Bun.sleep(30);
    expect(calls).toHaveLength(1);
  });

  test("in hundreds travel in batches of 64, large ones alone", async () => {
    const { client, calls } = fakeClient();
    const send = makeSender(client);
    const large = parcel("large", ...Array.from({ length: 100 }, (_, n) => `g${n}`));
    const all = [parcel("x"), large, ...Array.from({ length: 100 }, (_, n) => parcel(`k${n}`))].map((one) =>
      kindOf(send(one, soon())),
    );
    for (let turn = 0; turn < 4; turn += 1) {
      const call = calls[turn];
      call?.answer(answers(turn + 1, ...Array.from({ length: call.size }, () => true)));
      await Bun.sleep(1);
    }
    expect(calls.map(({ size }) => size)).toEqual([1, 1, 64, 36]);
    expect(new Set(await Promise.all(all))).toEqual(new Set(["answered"]));
  });
});
