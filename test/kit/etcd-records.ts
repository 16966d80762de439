import type { AllocationRecord, Ref } from "../../src/ipam/records.ts";
import type { CallOptions, Put, Store, Transaction } from "../../src/ipam/store-port.ts";

type AllocationRef = Extract<Ref, { kind: "allocation" }>;

/** The nth address of 10.0.0.0/8 in space "s". */
export function allocationRef(n: number): AllocationRef {
  return { kind: "allocation", space: "s", address: { family: 4, value: BigInt(0x0a000000 + n) } };
}

/** An allocation to one attachment, as an ADD writes it. */
export function allocationRecord(requestId: string): AllocationRecord {
  return {
    version: 1,
    origin: "dynamic",
    since: "2026-01-01T00:00:00Z",
    holders: [
      {
        attachment: { network: "net1", container: requestId, ifname: "eth0" },
        node: "n1",
        nodeVerified: false,
        bootId: "b1",
        namespace: { path: "/var/run/netns/x" },
        requestId,
      },
    ],
  };
}

/** Takes the nth address if nobody has it. */
export function take(n: number, requestId: string): Transaction {
  const ref = allocationRef(n);
  return {
    guards: [{ ref, revision: 0 }],
    puts: [{ ref, record: allocationRecord(requestId) }],
    deletes: [],
    otherwise: { refs: [ref] },
  };
}

export function coolingPut(n: number, seconds: number): Put {
  return { ref: { ...allocationRef(n), kind: "cooling" }, record: { version: 1 }, seconds };
}

/** Options for a call that may take this long. */
export function within(ms: number): CallOptions {
  return { deadline: performance.now() + ms };
}

/** Longer than any test may take: what retries until its deadline does not end in time. */
export function atOnce(): CallOptions {
  return within(600_000);
}

/** Who has the nth address, by request ID. */
export async function holderOf(store: Store, n: number): Promise<string | undefined> {
  const ref = allocationRef(n);
  const found = (await store.read({ refs: [ref] }, within(5000))).get(ref);
  return found?.record.holders[0]?.requestId;
}

/** Resolves with how an operation failed, and rejects when it did not. */
export async function failureOf(
  promise: Promise<unknown>,
): Promise<{ kind: string; message: string; remedy: string }> {
  const failure = await promise.then(
    () => undefined,
    (error) => error,
  );
  if (failure === undefined) throw new Error("expected a failure, got an answer");
  return { kind: failure.kind, message: failure.message, remedy: failure.remedy };
}
