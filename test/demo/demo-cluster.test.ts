import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../kit/folder.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { withoutRealRoot } from "../kit/machine.ts";
import { runWatched } from "../kit/machine-traces.ts";
import { run } from "../kit/run.ts";
import { eventually } from "../kit/wait.ts";

const ROOT = join(import.meta.dir, "../..");
const DEMO = join(ROOT, "scripts/demo-cluster.sh");
const ADDRESS = "10.188.0.216";
const LIMIT = 600_000;

const missing = withoutRealRoot() ?? withoutKubernetes();
if (missing !== undefined) test.skip(`the demo on a cluster: ${missing}`, () => {});

describe.skipIf(missing !== undefined)("the demo on a cluster", () => {
  test(
    "K282 it tells the whole story, and leaves nothing behind",
    async () => {
      using folder = temporaryFolder("demo");
      const demo = runWatched(["make", "-C", ROOT, "--no-print-directory", "demo-cluster"], folder);
      const exitCode = await demo.ended();
      const output = demo.output();
      expect([exitCode, exitCode === 0 ? "" : output]).toEqual([0, ""]);
      expect(podsOf(output).map(({ address, app }) => [app, address])).toEqual([
        ["fixed-ip-test", ADDRESS],
        ["fixed-ip-test", ADDRESS],
        ["fixed-ip-test", ADDRESS],
        ["latecomer", ADDRESS],
      ]);
      const [first, second] = podsOf(output);
      expect(new Set([first?.node, second?.node])).toEqual(new Set(["node1", "node2"]));
      expect(output).toMatch(/AddressHeld +Pod\/latecomer-/);
      expect(output).toMatch(
        /\n {4}default\.010\.188\.000\.216 +10\.188\.0\.216 +Held +default\/fixed-ip-test-/,
      );
      expect(output).toMatch(/\n {4}10\.188\.0\.216 +allocated +default\/fixed-ip-test-/);
      expect(output).toContain("Rule:      its holder is alive");
      expect(output).toMatch(/That was kube-ipam on a real cluster, in \d+ seconds\./);
      // Of the product alone, and nothing that a reader would have to overlook.
      expect(output).not.toMatch(/test\/kit|symbolic link|warning:|\bbun\b/i);
      expect(await demo.traces()).toEqual([]);
    },
    LIMIT,
  );

  test(
    "K283 Ctrl-C in the middle ends it, and leaves nothing behind",
    async () => {
      using folder = temporaryFolder("demo");
      const demo = runWatched(["make", "-C", ROOT, "--no-print-directory", "demo-cluster"], folder);
      await eventually(async () => demo.output().includes("$ kubectl apply -f fixed") || undefined, LIMIT);
      expect(demo.seen()).toBeGreaterThan(20);
      demo.signal("SIGINT");
      expect(await demo.ended()).not.toBe(0);
      expect(demo.output()).not.toContain("That was kube-ipam");
      expect(await demo.traces()).toEqual([]);
    },
    LIMIT,
  );
});

/** Commands stand in for those of the machine, so that nothing is installed or compiled. */
async function prepared(commands: Readonly<Record<string, string>>) {
  using folder = temporaryFolder("demo");
  const bin = folder.file("bin");
  mkdirSync(bin);
  for (const [name, body] of Object.entries(commands))
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return await run(["bash", DEMO], {
    env: {
      PATH: `${bin}:/usr/bin:/bin`,
      KUBE_IPAM_KUBERNETES: folder.file("kubernetes"),
      KUBE_IPAM_HELM: folder.file("helm"),
    },
  });
}

describe("before the demo on a cluster compiles anything", () => {
  test("K284 it says what, how long that takes and where it goes", async () => {
    const { exitCode, stderr } = await prepared({ id: "echo 0", go: 'echo "go $1" >&2; exit 1' });
    const lines = stderr.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^To be compiled first, once, from public Go modules, into \S+kube-ipam:$/);
    expect(lines[1]).toMatch(/^ {4}Kubernetes [\d.]+, about \d+ minutes/);
    expect(lines[2]).toMatch(/^ {4}Helm [\d.]+, about \d+ minutes/);
    expect(lines[3]).toBe("go build");
    expect(exitCode).not.toBe(0);
  });

  test("K284 without root it ends at once, and names what needs none", async () => {
    const { exitCode, stderr } = await prepared({ id: "echo 1000", go: "echo go >&2" });
    expect(stderr).toMatch(/^Real nodes need root: .*'make demo'.*\n$/);
    expect(exitCode).toBe(1);
  });
});

/** The rows of `kubectl get pods -o wide` whose pod has an address. */
function podsOf(output: string): { app: string; address: string; node: string }[] {
  const row = /^ {4}(fixed-ip-test|latecomer)-\S+ +1\/1 +Running +\d+ +\S+ +(\S+) +(\S+)/gm;
  return [...output.matchAll(row)].map(([, app = "", address = "", node = ""]) => ({ app, address, node }));
}
