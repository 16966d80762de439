import { initStore } from "../src/ipam/integrity/identity.ts";
import type { Ref } from "../src/ipam/records.ts";
import type { CallOptions, Put, Store } from "../src/ipam/store-port.ts";
import type { Kubernetes } from "../test/kit/kubernetes.ts";
import {
  addressOf,
  type KubernetesObject,
  keyOf,
  nodeObject,
  podObject,
  recordsOf,
} from "./large-cluster-objects.ts";

/**
 * A cluster of any size without a kubelet: Nodes and pods are written into the API server's own etcd, and what their
 * ADDs would have written into kube-ipam's store.
 */

/** etcd takes 128 operations in a transaction. */
const OBJECTS_AT_ONCE = 100;
const PUTS_AT_ONCE = 60;
const WRITERS = 4;

export interface LargeCluster {
  readonly nodes: number;
  readonly kubernetes: Kubernetes;
  readonly store: Store;
  /** What the cluster is called: the UID of kube-system. */
  readonly cluster: string;
}

/** Writes `pods` pods, spread over the nodes, that all have an address. */
export async function fill(large: LargeCluster, pods: number): Promise<void> {
  await initStore({ store: large.store }, soon());
  const network = { version: 1, space: "default", subnets: ["10.0.0.0/8"] };
  await put(large.store, [{ ref: { kind: "network", name: "net1" }, record: network }]);
  const numbers = Array.from({ length: pods }, (_, index) => index);
  const nodes = Array.from({ length: large.nodes }, (_, index) => nodeObject(index));
  await inPortions(nodes, OBJECTS_AT_ONCE, (portion) => write(large, portion));
  await inPortions(numbers, OBJECTS_AT_ONCE, (portion) =>
    write(
      large,
      portion.map((index) => podObject(index, large)),
    ),
  );
  await inPortions(numbers, PUTS_AT_ONCE / 2, (portion) =>
    put(
      large.store,
      portion.flatMap((index) => recordsOf(index, large)),
    ),
  );
}

/** What a scheduler, a kubelet and an ADD do for one more pod. */
export async function addPod(large: LargeCluster, index: number): Promise<void> {
  await write(large, [podObject(index, large)]);
  await put(large.store, recordsOf(index, large));
}

/** What they do when it ends: DEL, then the pod. Its address cools down. */
export async function endPod(large: LargeCluster, index: number): Promise<void> {
  const records = recordsOf(index, large);
  const ref: Ref = { kind: "cooling", space: "default", address: addressOf(index) };
  await large.store.commit(
    {
      guards: [],
      puts: [{ ref, record: { version: 1 }, seconds: 60 }],
      deletes: records.map((record) => record.ref),
    },
    soon(),
  );
  await send(large, [{ requestDeleteRange: { key: base64(keyOf(podObject(index, large))) } }]);
}

async function write(large: LargeCluster, objects: readonly KubernetesObject[]): Promise<void> {
  const puts = objects.map((object) => ({
    requestPut: { key: base64(keyOf(object)), value: base64(JSON.stringify(object)) },
  }));
  await send(large, puts);
}

async function send({ kubernetes }: LargeCluster, success: readonly object[]): Promise<void> {
  const body = JSON.stringify({ success });
  const answer = await fetch(`${kubernetes.etcd}/v3/kv/txn`, { method: "POST", body });
  if (!answer.ok) throw new Error(`the API server's etcd refused: ${await answer.text()}`);
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

async function put(store: Store, puts: readonly { ref: Ref; record: object }[]): Promise<void> {
  const { won } = await store.commit({ guards: [], puts: puts as Put[], deletes: [] }, soon());
  if (!won) throw new Error("a transaction without guards was lost");
}

/** Some portions at once. */
async function inPortions<T>(
  items: readonly T[],
  size: number,
  work: (portion: readonly T[]) => Promise<void>,
): Promise<void> {
  let next = 0;
  const writer = async () => {
    while (next < items.length) {
      const first = next;
      next += size;
      await work(items.slice(first, first + size));
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
}

function soon(): CallOptions {
  return { deadline: performance.now() + 30_000 };
}
