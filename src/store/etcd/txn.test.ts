import { describe, expect, test } from "bun:test";
import type { Ref } from "../../ipam/records.ts";
import { StoreFailure } from "../../ipam/store-port.ts";
import { toBytes, toText } from "../keys/bytes.ts";
import { makeKeys } from "../keys/keys.ts";
import { RangeResponse, TxnRequest } from "./gen/rpc.ts";
import { rangesOf, readAnswers } from "./query.ts";
import { commitTxn, readTxn, type TxnInit } from "./txn.ts";
import type { Init } from "./wire/methods.ts";

const keys = makeKeys("/p");
const address = (n: number) => ({ family: 4, value: BigInt(n) }) as const;
const allocation = (n: number) =>
  ({ kind: "allocation", space: "s", address: address(n) }) as const satisfies Ref;
const cooling = (n: number) => ({ kind: "cooling", space: "s", address: address(n) }) as const satisfies Ref;
const meta = { kind: "meta" } as const;
const ready = { version: 1, uuid: "u", state: "ready" } as const;

/** A transaction as text, a line per comparison and operation. */
function show(init: TxnInit): string[] {
  const { compare, success, failure } = TxnRequest.fromPartial(init);
  const operation = ({ request }: (typeof success)[number]) => {
    if (request === undefined || request.$case === "requestTxn") return "nothing";
    const lease =
      request.$case === "requestPut" && request.value.lease > 0n ? ` lease ${request.value.lease}` : "";
    return `${request.$case.replace("request", "")} ${toText(request.value.key)}${lease}`;
  };
  return [
    ...compare.map(({ key, targetUnion }) => `if ${toText(key)} = ${targetUnion?.value}`),
    ...success.map((op) => `then ${operation(op)}`),
    ...failure.map((op) => `else ${operation(op)}`),
  ];
}

describe("a commit", () => {
  test("is comparisons, deletes and puts, and ranges otherwise", () => {
    const transaction = {
      guards: [
        { ref: allocation(1), revision: 0 },
        { ref: meta, revision: 7 },
      ],
      puts: [
        { ref: meta, record: ready },
        { ref: cooling(1), record: { version: 1 }, seconds: 60 },
      ],
      deletes: [allocation(1)],
      otherwise: { refs: [meta] },
    } as const;
    expect(show(commitTxn(keys, transaction, 42n))).toEqual([
      "if /p/spaces/s/allocations/000.000.000.001 = 0",
      "if /p/meta = 7",
      "then DeleteRange /p/spaces/s/allocations/000.000.000.001",
      "then Put /p/meta",
      "then Put /p/spaces/s/cooling/000.000.000.001 lease 42",
      "else Range /p/meta",
    ]);
  });

  test("names each key once: etcd refuses two operations on one", () => {
    const transaction = {
      guards: [],
      puts: [{ ref: meta, record: ready }],
      deletes: [meta, allocation(1), allocation(1)],
    } as const;
    expect(show(commitTxn(keys, transaction, 0n))).toEqual([
      "then DeleteRange /p/spaces/s/allocations/000.000.000.001",
      "then Put /p/meta",
    ]);
  });

  test("without writes still reads something: else a stale member could answer", () => {
    const transaction = { guards: [{ ref: meta, revision: 1 }], puts: [], deletes: [] };
    expect(show(commitTxn(keys, transaction, 0n))).toEqual(["if /p/meta = 1", "then Range /p/meta"]);
    expect(show(readTxn([], keys))).toEqual(["then Range /p/meta"]);
  });

  test("of more than etcd allows is refused before it is sent", () => {
    const guards = Array.from({ length: 129 }, (_, n) => ({ ref: allocation(n), revision: 0 }));
    const attempt = () => commitTxn(keys, { guards, puts: [], deletes: [] }, 0n);
    expect(attempt).toThrow(StoreFailure);
    expect(attempt).toThrow("one transaction needs 129 operations; etcd allows 128");
  });
});

describe("a query", () => {
  const pair = (key: string, value: string, revision: number) => ({
    key: toBytes(key),
    value: toBytes(value),
    modRevision: BigInt(revision),
  });
  const answer = (init: Init<RangeResponse>) => RangeResponse.fromPartial(init);

  test("asks for refs, windows and counts in this order, a limit for windows, no values", () => {
    const span = { space: "s", first: address(1), last: address(9) };
    const ranges = rangesOf(keys, { refs: [meta], windows: [{ ...span, limit: 5 }], counts: [span] });
    const shown = ranges.map(
      (range) =>
        `${toText(range.key ?? toBytes(""))} ${range.limit ?? 0} ${range.keysOnly ?? false} ${range.countOnly ?? false}`,
    );
    expect(shown).toEqual([
      "/p/meta 0 false false",
      "/p/spaces/s/allocations/000.000.000.001 5 true false",
      "/p/spaces/s/reservations/000.000.000.001 5 true false",
      "/p/spaces/s/cooling/000.000.000.001 5 true false",
      "/p/spaces/s/allocations/000.000.000.001 0 false true",
      "/p/spaces/s/reservations/000.000.000.001 0 false true",
      "/p/spaces/s/cooling/000.000.000.001 0 false true",
    ]);
  });

  test("answers records with their revisions, and undefined for absent ones", () => {
    const query = { refs: [meta, allocation(1)] };
    const found = answer({ kvs: [pair("/p/meta", JSON.stringify(ready), 7)] });
    const snapshot = readAnswers(keys, query, { revision: 9 }, [found, answer({})]);
    expect(snapshot.revision).toBe(9);
    expect(snapshot.get(meta)).toEqual({ record: ready, revision: 7 });
    expect(snapshot.get(allocation(1))).toBeUndefined();
  });

  test("passes a record of a newer program on untouched", () => {
    const newer = { version: 99, uuid: "u", state: "ready", later: { added: true } };
    const found = answer({ kvs: [pair("/p/meta", JSON.stringify(newer), 7)] });
    expect(readAnswers(keys, { refs: [meta] }, { revision: 9 }, [found]).get(meta)?.record).toEqual(
      newer as never,
    );
  });

  test("fails on a record that cannot be read: absent would give its address away", () => {
    for (const text of ["", "garbage", "[]", "null", "{}"]) {
      const found = answer({ kvs: [pair("/p/meta", text, 7)] });
      expect(() => readAnswers(keys, { refs: [meta] }, { revision: 9 }, [found])).toThrow(
        "the record at /p/meta in etcd cannot be read: expected a JSON object with a version",
      );
    }
  });

  test("knows a window only as far as its shortest answer", () => {
    const window = { space: "s", first: address(1), last: address(9), limit: 2 };
    const keysOf = (folder: string, ...numbers: number[]) =>
      numbers.map((n) => pair(`/p/spaces/s/${folder}/000.000.000.00${n}`, "", 1));
    const [answered] = readAnswers(keys, { windows: [window] }, { revision: 9 }, [
      answer({ kvs: keysOf("allocations", 2, 6), more: true }),
      answer({ kvs: keysOf("reservations", 3, 4), more: true }),
      answer({ kvs: keysOf("cooling", 4, 5) }),
    ]).windows;
    expect(answered).toEqual({
      allocated: [address(2)],
      reserved: [address(3), address(4)],
      cooling: [{ ...address(4), revision: 1 }],
      knownThrough: address(4),
    });
  });
});
