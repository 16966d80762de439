import { expect, test } from "bun:test";
import { FILE, refusalOf } from "../testing/parse.ts";
import { parseNodeConfiguration } from "./parse-node-configuration.ts";

const parse = (text: string) => parseNodeConfiguration({ path: FILE, text });

test("without the file the defaults hold", () => {
  expect(parseNodeConfiguration()).toEqual({
    node: {
      dataDir: "/var/lib/kube-ipam",
      runDir: "/run/kube-ipam",
      logFile: "/var/log/kube-ipam.log",
      logLevel: "info",
      nodeLocal: false,
    },
    store: { kind: "embedded", dataDir: "/var/lib/kube-ipam" },
    kubernetes: { annotations: "auto", capabilityDeclared: false },
    addressSpace: "default",
    coolingSeconds: 60,
    requireInit: false,
    pools: [],
    poolFaults: new Map(),
    poolsOnly: false,
    warnings: [],
  });
});

test("the file's settings hold", () => {
  const file = {
    etcdConfig: { etcdURL: "http://e", kubeConfig: "/k" },
    nodeName: "node-1",
    requireInit: true,
    x: 1,
  };
  expect(parse(JSON.stringify(file))).toMatchObject({
    node: { nodeName: "node-1" },
    store: { kind: "etcd", endpoints: ["http://e:2379"] },
    kubernetes: { kubeConfig: "/k" },
    requireInit: true,
    warnings: [`${FILE}: x is not known and is ignored`],
  });
});

test("its faults are told, those of pools too", () => {
  expect(refusalOf(() => parse("{")).code).toBe(6);
  expect(refusalOf(() => parse('{"dataDir": 5}')).message).toBe(
    `${FILE}: dataDir must be an absolute path, got 5`,
  );
  expect(refusalOf(() => parse('{"pools": {"db": {}}}')).message).toBe(
    `${FILE}: pools.db names no addresses`,
  );
});
