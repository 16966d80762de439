import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { clusterStoreOfFile } from "../kit/cluster-store.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { type Finished, run } from "../kit/run.ts";
import { kubeIpamExecutable } from "../kit/subject-kube-ipam.ts";

/** How the command line comes to the store in a cluster's own API, from a machine without any configuration. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`a laptop's command line: ${missing}`, () => {});

describe.skipIf(missing !== undefined)("a laptop's command line", () => {
  const store = clusterStoreOfFile();

  /** A machine that no kube-ipam is installed on. */
  function laptop(env: Readonly<Record<string, string>> = {}) {
    const { file } = store().kubernetes.folder;
    const own = ["--data-dir", file("laptop"), "--run-dir", file("laptop-run"), "--node-name", "laptop"];
    const nothing = { KUBE_IPAM_CONFIG: file("no-such-file"), HOME: file("nobody"), KUBECONFIG: "" };
    return (...args: string[]): Promise<Finished> =>
      run([kubeIpamExecutable(), ...args, ...own], { env: { ...nothing, ...env }, limit: 30_000 });
  }

  async function listed(finished: Promise<Finished>): Promise<string[]> {
    const { exitCode, stderr, stdout } = await finished;
    if (exitCode !== 0) throw new Error(stderr);
    return (JSON.parse(stdout) as { address: string }[]).map(({ address }) => address);
  }

  const LIST = ["ip", "list", "-o", "json", "--store", "kubernetes"];

  test("K332: --kubeconfig, $KUBECONFIG with several files, and ~/.kube/config lead to it, each by any context", async () => {
    await using node = store().node("n1");
    await node.add("c1");
    const { adminConfig, folder } = store().kubernetes;
    const admin = JSON.parse(readFileSync(adminConfig, "utf8"));
    const elsewhere = folder.file("elsewhere");
    const nobody = { cluster: { server: "https://127.0.0.1:1", "insecure-skip-tls-verify": true } };
    writeFileSync(
      elsewhere,
      JSON.stringify({
        ...admin,
        clusters: [{ name: "away", ...nobody }],
        contexts: [{ name: "away", context: { cluster: "away", user: "user" } }],
        "current-context": "away",
      }),
    );
    const home = folder.file("home");
    mkdirSync(`${home}/.kube`, { recursive: true });
    writeFileSync(`${home}/.kube/config`, readFileSync(adminConfig));
    const both = { KUBECONFIG: `${elsewhere}:${folder.file("missing")}:${adminConfig}` };
    expect(await listed(laptop()(...LIST, "--kubeconfig", adminConfig))).toEqual(["10.50.0.2"]);
    expect(await listed(laptop({ KUBECONFIG: adminConfig })(...LIST))).toEqual(["10.50.0.2"]);
    expect(await listed(laptop(both)(...LIST, "--context", "test"))).toEqual(["10.50.0.2"]);
    expect(await listed(laptop({ HOME: home })(...LIST))).toEqual(["10.50.0.2"]);
    // $KUBECONFIG goes before the home, and its first file's current context counts.
    const away = await laptop({ ...both, HOME: home })(...LIST, "--timeout", "2");
    expect([away.exitCode, away.stderr]).toEqual([
      4,
      expect.stringContaining("the API server at https://127.0.0.1:1 cannot be reached"),
    ]);
    const nowhere = await laptop()(...LIST);
    expect([nowhere.exitCode, nowhere.stderr]).toEqual([4, expect.stringContaining("--kubeconfig")]);
    const noContext = await laptop({ HOME: home })(...LIST, "--context", "prod");
    expect([noContext.exitCode, noContext.stderr]).toEqual([
      4,
      expect.stringContaining("there is no context 'prod'"),
    ]);
  });

  test("K333: what asks the cluster asks it by the store's own credentials", async () => {
    await using node = store().node("n1");
    await node.add("c1");
    const { adminConfig } = store().kubernetes;
    const command = laptop({ KUBECONFIG: adminConfig });
    const check = await command("check", "--settle", "0", "--conf-dir", "/nowhere", "--store", "kubernetes");
    expect(check.stderr).not.toContain("Kubernetes was not asked");
    const gc = await command("gc", "--dry-run", "-o", "json", "--store", "kubernetes");
    expect(JSON.parse(gc.stdout)).toMatchObject({ kubernetes: adminConfig });
    const why = await command("why", "team-a/db-0", "--store", "kubernetes", "--conf-dir", "/nowhere");
    expect([why.exitCode, why.stderr]).toEqual([3, expect.stringContaining("there is no pod team-a/db-0")]);
    const status = await command(
      "store",
      "status",
      "-o",
      "json",
      "--store",
      "kubernetes",
      "--context",
      "test",
    );
    expect(JSON.parse(status.stdout)).toMatchObject({
      kind: "Kubernetes",
      location: `${adminConfig} (context test)`,
      state: "ready",
      records: { allocations: 1 },
    });
  });

  test("K338: a store that was emptied is told by whichever credentials one looks", async () => {
    await using node = store().node("n1");
    const [{ address } = { address: "" }] = (await node.add("c1")).ips;
    const { adminConfig, folder, request } = store().kubernetes;
    for (const resource of ["addressrecords", "storerecords"])
      await request("DELETE", `/apis/store.kube-ipam.io/v1/${resource}`);
    const operators = folder.file("operators-own");
    writeFileSync(operators, readFileSync(adminConfig));
    for (const kubeconfig of [adminConfig, operators]) {
      const own = ["--settle", "0", "--conf-dir", "/nowhere", "--kubeconfig", kubeconfig];
      const { exitCode, stdout } = await node.command(["check", "-o", "json", ...own]);
      const { findings } = JSON.parse(stdout);
      expect([exitCode, findings]).toEqual([
        1,
        [expect.objectContaining({ reason: "not-held", address: address.split("/")[0] })],
      ]);
    }
  });

  test("K339: check notes what a process left that died in a transaction, and finds nothing wrong", async () => {
    await using node = store().node("n1");
    await node.add("c1");
    const left = {
      apiVersion: "store.kube-ipam.io/v1",
      kind: "StoreRecord",
      metadata: { name: "decision.dead" },
      spec: { records: "[]", written: "dead", verdict: "pending", prepares: [] },
    };
    const path = "/apis/store.kube-ipam.io/v1/storerecords";
    const check = () => node.command(["check", "--settle", "0", "--conf-dir", "/nowhere", "-o", "json"]);
    const before = await check();
    expect([before.exitCode, JSON.parse(before.stdout).unfinished]).toEqual([0, []]);
    await store().kubernetes.request("POST", path, left);
    const { exitCode, stderr, stdout } = await check();
    expect([exitCode, JSON.parse(stdout)]).toMatchObject([
      0,
      { findings: [], unfinished: ["storerecord/decision.dead"] },
    ]);
    expect(stderr).toContain("note: a process died in a transaction, and left storerecord/decision.dead: ");
  });

  test("K333: an operator's --kubeconfig goes before the one that a configuration names", async () => {
    await using node = store().node("n1");
    await node.add("c1");
    const { adminConfig, folder, kubeConfig } = store().kubernetes;
    const config = folder.file("node.json");
    const stranger = kubeConfig({ token: "nobody" });
    writeFileSync(config, JSON.stringify({ store: "kubernetes", kubeConfig: stranger }));
    const list = [...LIST, "--config", config];
    const refused = await laptop({ KUBECONFIG: adminConfig })(...list);
    expect([refused.exitCode, refused.stderr]).toEqual([
      4,
      expect.stringContaining(`does not accept the credentials in ${stranger} (401)`),
    ]);
    expect(await listed(laptop()(...list, "--kubeconfig", adminConfig))).toEqual(["10.50.0.2"]);
  });
});
