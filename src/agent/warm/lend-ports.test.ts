import { expect, test } from "bun:test";
import { CAPS } from "../../address/caps.ts";
import { useScratch } from "../../node/test-kit/scratch.ts";
import type { Asking } from "../../runtime/open-ports.ts";
import { makeMetrics } from "../events/metrics.ts";
import { Lender } from "./lend-ports.ts";

const scratch = useScratch();

function configuration(dataDir: string, runDir = dataDir): Asking["configuration"] {
  return {
    node: { dataDir, runDir, nodeName: "n1", logFile: "", logLevel: "info", nodeLocal: false },
    store: { kind: "embedded", dataDir },
    kubernetes: { annotations: "auto", capabilityDeclared: false, podAnnotations: { some: "text" } },
  };
}

test("K236: of many configurations the agent knows those that were used last, and learns a forgotten one again", () => {
  const lender = new Lender(makeMetrics(), () => undefined);
  const all = Array.from({ length: CAPS.warm + 2 }, (_, index) => configuration(`/nowhere/${index}`));
  const [first, second] = all as [Asking["configuration"], Asking["configuration"]];
  for (const each of all.slice(0, CAPS.warm)) lender.learn(each);
  lender.learn(first);
  for (const each of all.slice(CAPS.warm)) lender.learn(each);
  const known = () => lender.known().map(({ node }) => node.dataDir);
  expect(known().length).toBe(CAPS.warm);
  expect([known().includes("/nowhere/0"), known().includes("/nowhere/1")]).toEqual([true, false]);
  lender.learn(second);
  expect([known().length, known().at(-1)]).toEqual([CAPS.warm, "/nowhere/1"]);
});

test("what is known of a configuration is the same object each time, and nothing of a pod", () => {
  const lender = new Lender(makeMetrics(), () => undefined);
  lender.learn(configuration("/nowhere"));
  const [before] = lender.known();
  lender.learn(configuration("/nowhere"));
  expect(lender.known()).toEqual([
    { ...configuration("/nowhere"), kubernetes: { annotations: "off", capabilityDeclared: false } },
  ]);
  expect(lender.known()[0]).toBe(before as never);
});

test("K236: the agent's own rounds keep nothing from being forgotten, and bring nothing back", async () => {
  const lender = new Lender(makeMetrics(), () => undefined);
  const [known, other] = [configuration(scratch()), configuration(scratch())];
  const log = () => undefined;
  const asking = (each: Asking["configuration"]) => ({
    verb: "GC" as const,
    deadline: performance.now() + 5_000,
    configuration: each,
  });
  for (const each of [known, other]) await (await lender.lend({ ...asking(each), verb: "ADD" }, log)).close();
  await (await lender.lendBetweenVerbs(asking(known), log)).close();
  await (await lender.lendBetweenVerbs(asking(configuration(scratch())), log)).close();
  expect(lender.known().map(({ node }) => node.dataDir)).toEqual([known.node.dataDir, other.node.dataDir]);
  await lender.closeAll();
});
