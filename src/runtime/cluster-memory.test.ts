import { expect, test } from "bun:test";
import fc from "fast-check";
import { type ClusterNames, namesOf, substituteOf } from "../ipam/cluster-names.ts";
import { areSameCluster, clusterRelation } from "../ipam/cluster-relation.ts";
import { type ClusterMemory, learnNames, namesBy } from "./cluster-memory.ts";

/**
 * Two clusters on one store, with nodes of the same names. Their authorities are replaced, each node sees
 * the change when it does, rights come and go, and machines join the other cluster.
 */
class Model {
  #joined = 0;
  readonly clusters = [0, 1].map((of) => ({ uid: `uid-${of}`, authorities: [`${of}-first`], count: 0 }));
  readonly nodes = [0, 0, 0, 1, 1, 1].map((of) => this.#fresh(of));
  readonly records: Written[] = [];

  #fresh(of: number): ModelNode {
    return { of, uid: `node-${this.#joined++}`, mayRead: false, sees: [`${of}-first`], everSaw: new Set() };
  }

  /** What a node calls its cluster, as its next ADD finds out. */
  namesAt(node: ModelNode): ClusterNames {
    if (node.memory?.uid !== undefined) return namesBy(node.memory);
    node.memory = learnNames(node.memory, this.asked(node), node.uid);
    for (const authority of node.sees) node.everSaw.add(authority);
    return namesBy(node.memory);
  }

  /** What a process that remembers nothing calls it. */
  asked({ mayRead, of, sees }: ModelNode): ClusterNames {
    const uid = mayRead ? this.clusters[of]?.uid : undefined;
    return namesOf(uid, sees.map(substituteOf));
  }

  write(node: ModelNode): void {
    const { name } = this.namesAt(node);
    const isUid = name.startsWith("uid-");
    this.records.push({ of: node.of, by: node.uid, name, isUid, saw: new Set(node.sees) });
  }

  rotate(of: number): void {
    const cluster = this.clusters[of];
    if (cluster === undefined) return;
    cluster.authorities = [...cluster.authorities.slice(-1), `${of}-${++cluster.count}`];
  }

  see(node: ModelNode): void {
    node.sees = [...(this.clusters[node.of]?.authorities ?? [])].reverse();
  }

  /** Its folder goes with it; a node that knows a UID keeps it for life. */
  join(node: ModelNode): void {
    if (node.memory?.uid !== undefined) return;
    Object.assign(node, { of: 1 - node.of, uid: `node-${this.#joined++}`, everSaw: new Set() });
    this.see(node);
  }
}

interface ModelNode {
  of: number;
  uid: string;
  mayRead: boolean;
  sees: string[];
  everSaw: Set<string>;
  memory?: ClusterMemory;
}

interface Written {
  readonly of: number;
  readonly by: string;
  readonly name: string;
  readonly isUid: boolean;
  readonly saw: ReadonlySet<string>;
}

const STEPS = ["write", "write", "rotate", "see", "see", "right", "replace", "join"] as const;
const steps = fc.array(fc.tuple(fc.constantFrom(...STEPS), fc.nat(5)), { minLength: 5, maxLength: 40 });

function take(model: Model, step: (typeof STEPS)[number], node: ModelNode): void {
  if (step === "write") model.write(node);
  if (step === "rotate") model.rotate(node.of);
  if (step === "see") model.see(node);
  if (step === "right") node.mayRead = !node.mayRead;
  if (step === "join") model.join(node);
  if (step === "replace") node.sees = [`${node.of}-own-${node.uid}-${node.everSaw.size}`];
}

test("K53: a node never makes a stranger of its own cluster, nor its own of another, whatever happens to names", () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const model = new Model();
      for (const [step, at] of sequence) {
        const node = model.nodes[at];
        if (node === undefined) continue;
        take(model, step, node);
        for (const reader of model.nodes) {
          const names = model.namesAt(reader);
          const inMind = model.asked(reader);
          for (const { by, isUid, name, of, saw } of model.records) {
            const relation = clusterRelation(name, names);
            if (of !== reader.of) {
              expect([relation, clusterRelation(name, inMind)]).toEqual(["other", "other"]);
              continue;
            }
            const knows = isUid
              ? reader.memory?.uid !== undefined
              : [...saw].some((each) => reader.everSaw.has(each));
            if (by === reader.uid || knows) expect(relation).toBe("same");
            const knowsNow = isUid ? reader.mayRead : reader.sees.some((each) => saw.has(each));
            if (knowsNow) expect(clusterRelation(name, inMind)).toBe("same");
          }
        }
      }
    }),
    { numRuns: 150 },
  );
});

test("K53: two UIDs decide, whatever authority they share", () => {
  const [one, other] = [namesOf("u1", ["authority-a"]), namesOf("u2", ["authority-a"])];
  expect(areSameCluster(one, other)).toBe(false);
  expect(clusterRelation("u2", one)).toBe("other");
});
