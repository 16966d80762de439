import { expect, test } from "bun:test";
import { podFacts } from "../testing/hand-over.ts";
import { createWorld } from "../testing/world.ts";
import { holdOnEvidence } from "./evidence.ts";

/** What a recovery holds for pods of silent nodes, by their status alone. */

test("a static pod's address is held for the UID that its runtime knows, not for its mirror's", async () => {
  const made = createWorld();
  const ports = made.ports(made.node(""));
  const options = { deadline: performance.now() + 10_000 };
  const annotations = { "kubernetes.io/config.mirror": "hash" };
  const pod = podFacts({ name: "static", uid: "mirror", nodeName: "n1", mirror: true, annotations });
  expect(await holdOnEvidence({ space: "default", address: "10.1.2.9", pod }, [], ports, options)).toBe(true);
  const held = await Array.fromAsync(made.store.list({ kind: "attachment" }, options));
  expect(held.map(({ record }) => record.holder.pod?.uid)).toEqual(["hash"]);
});
