import type { CallOptions } from "../../ipam/store-port.ts";
import type { EtcdClient } from "./client/client.ts";
import type { Connection } from "./connect/connection.ts";
import { EtcdFailure, lateFailure, writeFailure } from "./connect/etcd-failure.ts";
import type { ResponseOp } from "./gen/rpc.ts";
import { type Answer, MAX_OPERATIONS, sendTxn, type TxnInit } from "./txn.ts";
import { before } from "./wire/time.ts";

/** One transaction, and the keys that decide whether it may be sent with others. */
export interface Parcel {
  readonly request: TxnInit;
  /** The keys of its guards. */
  readonly guarded: readonly string[];
  /** The keys that it puts or deletes. */
  readonly written: readonly string[];
  /** The connection that it depends on. */
  readonly connection?: number | undefined;
}

/** Sends transactions; rejects with EtcdFailure as `EtcdClient.write` does. */
export type Sender = (parcel: Parcel, options: CallOptions) => Promise<Answer>;

interface Waiting {
  readonly parcel: Parcel;
  readonly deadline: number;
  readonly resolve: (answer: Promise<Answer>) => void;
  sent: boolean;
}

const LARGEST_BATCH = 64;
/** Milliseconds; the next batch does not wait longer for the one before. */
const PATIENCE_MS = 10;

/**
 * Makes a sender that batches. Transactions that arrive while others are under way are sent together, as
 * transactions inside one: one proposal, one fsync. With 64 callers this is 3 times as many a second. A
 * lone transaction is sent at once and as it is.
 *
 * etcd evaluates all guards before it writes anything, so no transaction of a batch writes a key that a
 * later one guards or writes: the result is as if etcd had received them one after another.
 */
export function makeSender(client: EtcdClient): Sender {
  let waiting: Waiting[] = [];
  let underWay = 0;
  let patience: Timer | undefined;

  const send = async (batch: readonly Waiting[]) => {
    underWay += 1;
    for (const member of batch) member.sent = true;
    try {
      const answers = sendBatch(client, batch);
      batch.forEach((member, index) => {
        member.resolve(answers.then((all) => answerAt(all, index)));
      });
      await answers.catch(() => undefined);
    } finally {
      underWay -= 1;
      flush();
    }
  };
  const flush = () => {
    clearTimeout(patience);
    patience = undefined;
    const batch = compatible(waiting);
    if (batch.length === 0) return;
    waiting = waiting.filter((member) => !batch.includes(member));
    send(batch);
    if (waiting.length > 0) wait();
  };
  const wait = () => {
    patience ??= setTimeout(flush, PATIENCE_MS);
  };

  return async (parcel, { deadline }) => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const member: Waiting = { parcel, deadline, resolve, sent: false };
    waiting.push(member);
    if (underWay === 0) flush();
    else wait();
    return before(deadline, promise, () => {
      waiting = waiting.filter((other) => other !== member);
      const late = lateFailure("time was up before etcd answered", member.sent);
      return writeFailure(late);
    });
  };
}

/** As many of the waiting transactions, in their order, as may be sent together. */
function compatible(waiting: readonly Waiting[]): Waiting[] {
  const batch: Waiting[] = [];
  const written = new Set<string>();
  for (const member of waiting) {
    if (batch.length === LARGEST_BATCH) break;
    const { parcel } = member;
    if (batch.length > 0 && !isSmall(parcel)) continue;
    if ([...parcel.guarded, ...parcel.written].some((key) => written.has(key))) continue;
    batch.push(member);
    for (const key of parcel.written) written.add(key);
    if (!isSmall(parcel)) break;
  }
  return batch;
}

/** etcd counts the operations of an inner transaction on top of those of the outer one. */
function isSmall({ request: { compare = [], success = [], failure = [] } }: Parcel): boolean {
  return Math.max(compare.length, success.length, failure.length) <= MAX_OPERATIONS - LARGEST_BATCH;
}

async function sendBatch(client: EtcdClient, batch: readonly Waiting[]): Promise<Settled[]> {
  const [first] = batch;
  if (first === undefined) return [];
  const deadline = Math.max(...batch.map((member) => member.deadline));
  if (batch.length === 1) return [await settled(sendOne(client, first))];
  const request: TxnInit = {
    success: batch.map(({ parcel }) => ({ request: { $case: "requestTxn", value: parcel.request } })),
  };
  try {
    const answer = await client.write(
      async (etcd, rpc) => {
        for (const { parcel } of batch) requireConnection(etcd, parcel);
        return sendTxn(etcd, request, rpc);
      },
      { deadline },
    );
    return answer.responses.map(({ response }) => ({ answer: innerAnswer(answer, response) }));
  } catch (failure) {
    if (!mayDifferAlone(failure)) throw failure;
    return Promise.all(batch.map((member) => settled(sendOne(client, member))));
  }
}

function sendOne(client: EtcdClient, { parcel, deadline }: Waiting): Promise<Answer> {
  return client.write(
    async (etcd, rpc) => {
      requireConnection(etcd, parcel);
      return sendTxn(etcd, parcel.request, rpc);
    },
    { deadline },
  );
}

/** @throws EtcdFailure other-connection, before anything is sent. */
function requireConnection(etcd: Connection, { connection }: Parcel): void {
  if (connection === undefined || connection === etcd.number) return;
  throw new EtcdFailure(
    "unavailable",
    { trouble: "other-connection", mayHaveHappened: false },
    `the connection to etcd was lost, and is one to ${etcd.endpoint} now`,
    "try again",
  );
}

type Settled = { readonly answer: Answer } | { readonly failure: unknown };

function settled(promise: Promise<Answer>): Promise<Settled> {
  return promise.then(
    (answer) => ({ answer }),
    (failure) => ({ failure }),
  );
}

function answerAt(all: readonly Settled[], index: number): Answer {
  const one = all[index];
  if (one !== undefined && "answer" in one) return one.answer;
  throw one?.failure;
}

/** An inner answer has no revision of its own: all inner writes have that of the outer transaction. */
function innerAnswer(outer: Answer, inner: ResponseOp["response"]): Answer {
  if (inner?.$case !== "responseTxn") throw new Error("expected the answer of an inner transaction");
  const { header, connection } = outer;
  return { ...inner.value, connection, ...(header !== undefined && { header }) };
}

/** Whether others of the batch may succeed alone: a full store accepts deletes, but no puts. */
function mayDifferAlone(failure: unknown): boolean {
  if (!(failure instanceof EtcdFailure) || failure.mayHaveHappened) return false;
  return !["unreachable", "busy"].includes(failure.trouble);
}
