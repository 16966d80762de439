import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { parseNetworkConfiguration } from "../config/parse/parse-network-configuration.ts";
import type { IpamError } from "../ipam/errors.ts";
import { withOwnFolders } from "./own-folders.ts";

const others = mkdtempSync("/dev/shm/kube-ipam-own-folders-");
writeFileSync(`${others}/passwd`, "");
afterAll(() => rmSync(others, { recursive: true }));

function parsed(keys: object, file?: object) {
  const ipam = { type: "kube-ipam", subnet: "10.1.2.0/24", ...keys };
  return parseNetworkConfiguration({
    stdin: JSON.stringify({ cniVersion: "1.1.0", name: "lan", type: "macvlan", ipam }),
    purpose: "add",
    nodeFile: file && { path: "/etc/kube-ipam/config.json", text: JSON.stringify(file) },
  });
}

test.each(["dataDir", "runDir"])("E43: a %s that is not kube-ipam's stops ADD and STATUS alone", (key) => {
  const configuration = parsed({ [key]: others });
  for (const verb of ["ADD", "STATUS"] as const) {
    try {
      withOwnFolders(configuration, verb);
      expect.unreachable();
    } catch (error) {
      const { code, message } = error as IpamError;
      expect([code, message]).toEqual([
        7,
        `ipam.${key} '${others}' cannot be kube-ipam's folder: it holds other files, and nothing of kube-ipam's`,
      ]);
    }
  }
  for (const verb of ["DEL", "GC", "CHECK"] as const) {
    const { node, store, warnings } = withOwnFolders(configuration, verb);
    expect([node.dataDir, node.runDir, store]).toEqual([
      "/var/lib/kube-ipam",
      "/run/kube-ipam",
      { kind: "embedded", dataDir: "/var/lib/kube-ipam" },
    ]);
    expect(warnings).toHaveLength(1);
  }
});

const asRoot = test.skipIf(process.geteuid?.() !== 0);

asRoot.each(["dataDir", "runDir"] as const)("E50: a %s where kube-ipam has begun is gone on with", (key) => {
  const folder = `${others}/${key}`;
  chmodSync(others, 0o755);
  mkdirSync(folder);
  writeFileSync(`${folder}/machine`, "", { mode: 0o600 });
  chmodSync(folder, 0o777);
  const configuration = parsed({ [key]: folder });
  for (const verb of ["DEL", "GC", "CHECK"] as const) {
    const { node, store, warnings } = withOwnFolders(configuration, verb);
    expect([node, store]).toEqual([configuration.node, configuration.store]);
    expect(warnings.join()).toContain("what began there is ended there");
  }
});

test("E43: what the node's file names, and the defaults, are not judged", () => {
  const vouched = parsed({}, { dataDir: others, runDir: others, logFile: `${others}/passwd` });
  expect(vouched.node.byNetwork).toBeUndefined();
  expect(withOwnFolders(vouched, "ADD")).toBe(vouched);
  expect(
    parsed({ dataDir: "/var/lib/kube-ipam", logFile: "/var/log/kube-ipam.log" }).node.byNetwork,
  ).toBeUndefined();
  expect(parsed({ dataDir: "/a", runDir: "/b", logFile: "/c" }).node.byNetwork).toEqual([
    "dataDir",
    "runDir",
    "logFile",
  ]);
});
