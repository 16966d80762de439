import { expect } from "bun:test";
import { formatAddress, parseAddress } from "../../address/address.ts";
import { audit } from "../audit/audit.ts";
import { auditStreamed } from "../audit/streamed.ts";
import type { Audit, AuditInput, LiveCluster } from "../audit/types.ts";
import type { NodeFacts, PodFacts } from "../cluster-port.ts";
import type { PodId, RecordKind, RecordTypes, Ref, RefOf } from "../records.ts";
import type { Store } from "../store-port.ts";
import { readRecords } from "../testing/read-records.ts";
import { calledBy } from "./called-by.ts";
import { FakeNode } from "./fake-node.ts";
import { nodeFacts, podFacts } from "./hand-over.ts";
import { type Asked, add, createWorld } from "./world.ts";

export const CLUSTER = "cluster-1";

/** Two machines on one store, and a Kubernetes that says of them what the test says. */
export function auditedWorld() {
  const world = createWorld();
  const nodes = { n1: new FakeNode("n1"), n2: new FakeNode("n2") };
  const ports = {
    n1: world.ports(nodes.n1, undefined, CLUSTER),
    n2: world.ports(nodes.n2, undefined, CLUSTER),
  };
  const pods = new Map<string, PodFacts>();
  const nodeObjects = new Map<string, NodeFacts>();
  for (const { name, bootId } of Object.values(nodes)) nodeObjects.set(name, nodeFacts({ name, bootId }));
  const soon = () => ({ deadline: performance.now() + 10_000 });

  /** A pod that Kubernetes knows, and what its status shows. */
  const setPod = (name: string, change: Partial<PodFacts> = {}): PodFacts => {
    const before = pods.get(name) ?? podFacts({ name, uid: `uid-${name}` });
    const pod = { ...before, ...change };
    pods.set(name, pod);
    return pod;
  };
  const idOf = ({ namespace, name, uid }: PodFacts): PodId => ({ namespace, name, uid });

  return {
    nodes,
    ports,
    store: world.store,
    pods,
    nodeObjects,
    setPod,
    removePod: (name: string) => void pods.delete(name),
    /** ADD for a running pod, whose status then shows what it got. */
    run: async (name: string, asked: Asked & { node?: "n1" | "n2"; container?: string } = {}) => {
      const node = asked.node ?? "n1";
      const pod = setPod(name, { nodeName: node });
      const container = asked.container ?? `c-${name}`;
      const { addresses } = await add(ports[node], container, { pod: idOf(pod), ...asked });
      const texts = addresses.map(({ address }) => formatAddress(address));
      setPod(name, { podIPs: texts });
      return texts;
    },
    read: async <K extends RecordKind>(ref: RefOf<K>): Promise<RecordTypes[K] | undefined> =>
      (await world.store.read({ refs: [ref] }, soon())).get(ref)?.record as RecordTypes[K] | undefined,
    /** What only a program with a fault, or a hand in the store, does. */
    damage: (change: { puts?: readonly { ref: Ref; record: unknown }[]; deletes?: readonly Ref[] }) =>
      world.store.commit(
        { guards: [], puts: (change.puts ?? []) as never, deletes: change.deletes ?? [] },
        soon(),
      ),
    /** A record that cannot be read any more. */
    ruin: (ref: Ref) => world.store.damage(ref),
    look: async (change: Partial<AuditInput> = {}) => {
      const records = await readRecords(world.store, soon());
      const live = { pods: [...pods.values()], nodes: [...nodeObjects.values()] };
      const whole = audit({ records, live, clusterNames: calledBy(CLUSTER), ...change });
      const input = { live, clusterNames: calledBy(CLUSTER), ...change };
      expect(await streamedAs(input, world.store)).toEqual(whole);
      return whole;
    },
  };
}

/** What an audit that streams finds with the same witnesses. */
export async function streamedAs(
  { live, ...input }: Omit<AuditInput, "records">,
  store: Store,
): Promise<Audit> {
  const {
    pods: _,
    records: __,
    ...found
  } = await auditStreamed(
    { ...input, store, ...(live && { live: listed(live) }) },
    { deadline: performance.now() + 10_000 },
  );
  return found;
}

function listed({ nodes, pods }: LiveCluster) {
  return { pods: () => each(pods), nodes: () => each(nodes) };
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

export function allocationRef(address: string): RefOf<"allocation"> {
  return { kind: "allocation", space: "default", address: parseAddress(address) };
}
