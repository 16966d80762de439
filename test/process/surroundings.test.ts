import { expect } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { type FakeApi, object, startFakeApi } from "../../src/kubernetes/testing/fake-api.ts";
import { kubeConfigText } from "../../src/kubernetes/testing/kubeconfig.ts";
import { ours } from "../kit/case.ts";
import { makeAuthority } from "../kit/certificates.ts";
import { commandLine } from "../kit/cli.ts";
import { run } from "../kit/run.ts";
import type { World } from "../kit/world.ts";

/** Odd surroundings, on the built executable: what lies in net.d, definitions, $KUBECONFIG, the environment's TLS. */

const SUBNET = { subnet: "10.1.2.0/24", nodeLocal: true, annotations: "off" };

/** A folder as it is found in the wild; the second network is good. */
function wildFolder(world: World, networks: readonly [string, object][]) {
  const folder = world.place.folder.file("net.d");
  mkdirSync(folder);
  symlinkSync("/nowhere", `${folder}/20-dead.conflist`);
  mkdirSync(`${folder}/30-folder.conf`);
  Bun.spawnSync(["mkfifo", `${folder}/50-pipe.conf`]);
  writeFileSync(`${folder}/60-empty.json`, "");
  for (const [name, network] of networks) writeFileSync(`${folder}/${name}`, JSON.stringify(network));
  return folder;
}
const ODD = ["20-dead.conflist", "30-folder.conf", "50-pipe.conf", "60-empty.json"];

/** An API server with one pod that wants the network "lan", and its kubeconfig. */
class Cluster implements Disposable {
  readonly api: FakeApi = startFakeApi();
  readonly kubeConfig = this.api.kubeConfig();

  constructor() {
    this.api.answers.set("/api/v1/namespaces/kube-system", object("kube-system", "cluster"));
    const annotations = { "k8s.v1.cni.cncf.io/networks": "lan", "kube-ipam.ip/lan": "10.2.0.5" };
    this.api.answers.set("/api/v1/namespaces/default/pods/p", object("p", "u", { annotations }));
  }

  define(spec: object): void {
    const path = "/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions/lan";
    this.api.answers.set(path, { metadata: { name: "lan", namespace: "default" }, spec });
  }

  [Symbol.dispose](): void {
    this.api.close();
  }
}

ours("K110", "doctor, check and why pass over what is no readable file, and go on", async (world) => {
  using cluster = new Cluster();
  const net = world.network(SUBNET, { name: "lan" });
  await world.add(net);
  const config = world.place.folder.file("lan.json");
  writeFileSync(config, JSON.stringify(net));
  const folder = wildFolder(world, [
    ["10-lan.conf", net],
    ["70-multus.conf", { name: "m", type: "multus", delegates: [{ ...net, name: "delegated" }] }],
  ]);
  const common = ["--conf-dir", folder, "--config", config, "--timeout", "5"];
  const doctor = await commandLine(world, ["doctor", "--bin-dir", "/none", ...common, "-o", "json"]);
  const findings = JSON.parse(doctor.stdout) as { check: string; result: string }[];
  const resultsOf = (part: string) =>
    findings.filter(({ check }) => check.includes(part)).map(({ result }) => result);
  for (const name of ODD) expect(resultsOf(name)).toEqual(["warning"]);
  expect([resultsOf("network 'lan'"), resultsOf("network 'delegated'")]).toEqual([["ok"], ["ok"]]);
  const kubeconfig = ["--kubeconfig", cluster.kubeConfig];
  for (const command of [
    ["check", "--settle", "0", "--store-only", ...common],
    ["why", "default/p", ...common, ...kubeconfig],
  ]) {
    const { exitCode, stderr } = await commandLine(world, command);
    const warnings = stderr.split("\n").filter((line) => line.startsWith("warning: "));
    expect([exitCode, warnings.length, stderr.includes("unexpected")]).toEqual([0, ODD.length, false]);
    for (const name of ODD) expect(stderr).toContain(`warning: ${folder}/${name}: `);
  }
});

ours("K112", "why says of a definition without a readable configuration what it lacks", async (world) => {
  using cluster = new Cluster();
  const first = world.network({ ...SUBNET, annotations: "auto" }, { name: "cbr" });
  await world.add(first);
  const config = world.place.folder.file("cbr.json");
  writeFileSync(config, JSON.stringify(first));
  const folder = world.place.folder.file("net.d");
  mkdirSync(folder);
  const options = ["--config", config, "--kubeconfig", cluster.kubeConfig, "--conf-dir", folder];
  const why = async () =>
    (await commandLine(world, ["why", "default/p", ...options])).stdout.split(/Interface: +net1/)[1] ?? "";
  for (const [spec, note] of [
    [{}, "NetworkAttachmentDefinition default/lan has no configuration"],
    [{ config: "" }, "name that folder with --conf-dir"],
    [
      { config: '# lan\n{"type":"macvlan"}' },
      "the configuration cannot be read: NetworkAttachmentDefinition default/lan",
    ],
    [{ config: "name: lan\nipam:\n  type: kube-ipam\n" }, "is not valid JSON"],
    [{ config: '{"type":"macvlan","ipam":{"type":"whereabouts"}}' }, "names no IPAM plugin, or another one"],
  ] as const) {
    cluster.define(spec);
    const told = await why();
    expect(told).toContain(note);
    expect(told).toContain("kube-ipam.ip/lan: 10.2.0.5");
  }
  // Multus takes it from a folder by that name.
  writeFileSync(
    `${folder}/lan.conf`,
    JSON.stringify(world.network({ ...SUBNET, subnet: "10.2.0.0/24" }, { name: "lan" })),
  );
  cluster.define({});
  expect(await why()).toContain(`lan (by ${folder})`);
});

ours(
  "K112",
  "--config of a definition without a configuration is an error, never the default store",
  async (world) => {
    const file = world.place.folder.file("definition.json");
    const kind = {
      apiVersion: "k8s.cni.cncf.io/v1",
      kind: "NetworkAttachmentDefinition",
      metadata: { name: "lan" },
    };
    writeFileSync(file, JSON.stringify({ ...kind, spec: {} }));
    const { exitCode, stderr } = await commandLine(world, ["store", "status", "--config", file]);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("'lan' has no configuration")]);
  },
);

ours(
  "K106",
  "$KUBECONFIG with empty names and missing files asks the cluster all the same",
  async (world) => {
    using cluster = new Cluster();
    const net = world.network(SUBNET, { name: "lan" });
    await world.add(net);
    const config = world.place.folder.file("lan.json");
    writeFileSync(config, JSON.stringify(net));
    const { executable, env } = world.place;
    const lists = [`:${cluster.kubeConfig}`, `/missing:${cluster.kubeConfig}:`, "/missing:/gone"];
    const [empty, missing, gone] = await Promise.all(
      lists.map((KUBECONFIG) =>
        run([executable, "why", "default/p", "--config", config, "--conf-dir", "/none"], {
          env: { ...env, KUBECONFIG },
        }),
      ),
    );
    for (const each of [empty, missing]) {
      expect([each?.exitCode, each?.stderr]).toEqual([0, ""]);
      expect(each?.stdout).toContain("default/p (u)");
    }
    expect([gone?.exitCode, gone?.stderr]).toEqual([
      1,
      expect.stringContaining("none of the files that $KUBECONFIG names is there: /missing, /gone"),
    ]);
  },
);

ours("K107", "no variable of the environment makes a certificate good", async (world) => {
  const folder = world.place.folder.path;
  const [own, stranger] = [await makeAuthority(folder, "own"), await makeAuthority(folder, "stranger")];
  const server = await stranger.issue({ name: "server", hosts: ["127.0.0.1"] });
  const listener = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert: Bun.file(server.certFile), key: Bun.file(server.keyFile) },
    fetch: () => new Response("{}"),
  });
  const url = `https://127.0.0.1:${listener.port}`;
  const trusting = {
    NODE_EXTRA_CA_CERTS: stranger.caFile,
    SSL_CERT_FILE: stranger.caFile,
    NODE_USE_SYSTEM_CA: "1",
  };
  const { executable, env } = world.place;
  const ask = (...args: string[]) =>
    run([executable, ...args, "--timeout", "5"], {
      env: { ...env, ...trusting, NODE_TLS_REJECT_UNAUTHORIZED: "0" },
    });
  try {
    const etcd = await ask("ip", "list", "--etcd-url", url, "--etcd-ca", own.caFile);
    expect([etcd.exitCode, etcd.stderr]).toEqual([
      4,
      expect.stringContaining("was not signed by the authority in"),
    ]);
    expect(etcd.stderr).not.toContain("NODE_TLS");
    const kubeconfig = kubeConfigOf(world, { server: url, "certificate-authority": own.caFile });
    const kubernetes = await ask("kubectl", "list", "--kubeconfig", kubeconfig);
    expect([kubernetes.exitCode, kubernetes.stderr]).toEqual([
      1,
      expect.stringContaining("is not trusted: "),
    ]);
  } finally {
    await listener.stop(true);
  }
});

ours("K109", "an authority that the machine trusts is enough where none is configured", async (world) => {
  const authority = await makeAuthority(world.place.folder.path, "machine");
  const server = await authority.issue({ name: "server", hosts: ["127.0.0.1"] });
  const listener = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert: Bun.file(server.certFile), key: Bun.file(server.keyFile) },
    fetch: () => new Response("{}"),
  });
  const { executable, env } = world.place;
  const kubeconfig = kubeConfigOf(world, { server: `https://127.0.0.1:${listener.port}` });
  const list = [executable, "kubectl", "list", "--kubeconfig", kubeconfig, "--timeout", "3"];
  const trusting =
    'mount -t tmpfs certs /etc/ssl/certs; cat "$0" >/etc/ssl/certs/ca-certificates.crt; exec "$@"';
  const prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", trusting, authority.caFile];
  try {
    expect((await run(list, { env })).stderr).toContain("this machine trusts no authority that signed");
    const trusted = await run(list, { env, prefix });
    expect([trusted.exitCode, trusted.stderr]).toEqual([1, expect.not.stringContaining("trust")]);
  } finally {
    await listener.stop(true);
  }
});

/** A kubeconfig that leads to this cluster. */
function kubeConfigOf(world: World, cluster: object): string {
  const path = world.place.folder.file("kubeconfig");
  writeFileSync(path, kubeConfigText(cluster, { token: "t" }));
  return path;
}
