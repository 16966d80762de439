import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { readLegacyNetworks } from "../../src/store/etcd/legacy.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { ETCD_VERSIONS } from "../kit/etcd-binaries.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";
import { run } from "../kit/run.ts";

/** Keys as kube-ipam 0.2 wrote them, in a real etcd. */
describe.each(ETCD_VERSIONS)("keys of kube-ipam 0.2 in etcd %s", (version) => {
  let cluster: EtcdCluster;
  const options = () => ({ deadline: performance.now() + 10_000 });

  beforeAll(async () => {
    cluster = await startEtcd({ version });
    const put = (key: string, value: string) => cluster.ctl("put", `/etcd-cni/networks/${key}`, "--", value);
    await put("net1", '[[{"rangeStart":"10.1.2.10","subnet":"10.1.2.0/24","gateway":"10.1.2.1"}]]');
    await put("net1/used/10.1.2.10", "c1");
    await put("net1/used/10.1.2.11", "c2");
    await put("net1/used/fd00::10", "c2");
    await put("net1/used/garbage", "c3");
    await put("net1/lastReserved/0", "10.1.2.11");
    await put("net1/lock", "42");
    await put("net10/used/10.9.9.9", "other");
  });

  afterAll(() => cluster[Symbol.asyncDispose]());

  const kubeIpam = (...args: string[]) => {
    const executable = process.env.KUBE_IPAM_EXECUTABLE ?? join(import.meta.dir, "../../dist/kube-ipam");
    const store = ["--etcd-url", cluster.endpoints.join(",")];
    const folders = ["--data-dir", cluster.folder.file("data"), "--run-dir", cluster.folder.file("run")];
    const env = { KUBE_IPAM_CONFIG: cluster.folder.file("none"), NODE_NAME: "node1" };
    return run([executable, ...args, ...store, ...folders], { env });
  };

  test("are read by network, and only what is a lease", async () => {
    const networks = await readLegacyNetworks(etcdSettings(cluster), undefined, options());
    expect(networks.map(({ name, leases }) => [name, leases.map(({ container }) => container)])).toEqual([
      ["net1", ["c1", "c2", "c2"]],
      ["net10", ["other"]],
    ]);
    expect(networks[0]?.unreadable).toEqual(["/etcd-cni/networks/net1/used/garbage"]);
    expect(networks[0]?.ranges).toHaveLength(1);
    const one = await readLegacyNetworks(etcdSettings(cluster), "net1", options());
    expect(one.map(({ name }) => name)).toEqual(["net1"]);
  });

  test("are imported with prefix and gateway, twice without a change, and freed by the container's DEL", async () => {
    const first = await kubeIpam(
      "store",
      "import",
      "--from",
      "kube-ipam-0.2",
      "--network",
      "net1",
      "-o",
      "json",
    );
    expect(JSON.parse(first.stdout)).toMatchObject({ records: 5, written: 5, conflicts: 0 });
    expect(first.stderr).toStartWith(
      "note: /etcd-cni/networks/net1/used/garbage is not the address of a container: left out\n" +
        "warning: kube-ipam 0.2 did not record the node of a container: all 2 are imported as containers of 'node1', " +
        "and no DEL on another node frees their addresses; " +
        "with more than one node, name each node's containers with --containers (see --help)\n",
    );
    const second = await kubeIpam(
      "store",
      "import",
      "--from",
      "kube-ipam-0.2",
      "--network",
      "net1",
      "-o",
      "json",
    );
    expect(JSON.parse(second.stdout)).toMatchObject({ records: 5, written: 0, alreadyThere: 5 });
    const conf = {
      cniVersion: "1.0.0",
      name: "net1",
      type: "macvlan",
      ipam: {
        type: "kube-ipam",
        subnet: "10.1.2.0/24",
        dataDir: cluster.folder.file("data"),
        runDir: cluster.folder.file("run"),
        logFile: cluster.folder.file("log"),
        etcdConfig: { etcdURL: cluster.endpoints.join(",") },
      },
    };
    const executable = process.env.KUBE_IPAM_EXECUTABLE ?? join(import.meta.dir, "../../dist/kube-ipam");
    const del = await run([executable], {
      stdin: JSON.stringify(conf),
      env: {
        KUBE_IPAM_CONFIG: cluster.folder.file("none"),
        NODE_NAME: "node1",
        CNI_COMMAND: "DEL",
        CNI_CONTAINERID: "c2",
        CNI_IFNAME: "eth0",
        CNI_PATH: "/opt/cni/bin",
      },
    });
    expect([del.exitCode, del.stdout]).toEqual([0, ""]);
    const left = JSON.parse((await kubeIpam("ip", "list", "-o", "json")).stdout) as { address: string }[];
    expect(left.map(({ address }) => address)).toEqual(["10.1.2.10"]);
  });

  test("are imported without a warning where it is said which node has them", async () => {
    await Bun.write(cluster.folder.file("containers"), "c1 node1\nc2 node2\n");
    const source = ["--from", "kube-ipam-0.2", "--network", "net1"];
    const named = ["--containers", cluster.folder.file("containers")];
    const done = await kubeIpam("store", "import", ...source, ...named, "--dry-run");
    expect(done.stderr).not.toContain("did not record the node");
  });

  test("M25: whose value is no container hold their address for an unknown one", async () => {
    const put = (address: string, value: string) =>
      cluster.ctl("put", `/etcd-cni/networks/net3/used/${address}`, "--", value);
    await put("10.3.2.1", "c1");
    await put("10.3.2.2", "");
    await put("10.3.2.3", "../x\u001b[2J");
    const source = ["--from", "kube-ipam-0.2", "--network", "net3"];
    const done = await kubeIpam("store", "import", ...source, "-o", "json");
    expect(JSON.parse(done.stdout)).toMatchObject({
      records: 6,
      written: 6,
      damaged: { count: 2, held: true },
    });
    expect(done.stderr).toContain("  /etcd-cni/networks/net3/used/10.3.2.2: it names no container\n");
    const list = (await kubeIpam("ip", "list", "--network", "net3", "-o", "json")).stdout;
    const held = JSON.parse(list) as { address: string; container: string; node: string }[];
    expect(held.map(({ address, container, node }) => `${address} ${container} ${node}`)).toEqual([
      "10.3.2.1 c1 node1",
      "10.3.2.2 (unknown) (unknown)",
      "10.3.2.3 (unknown) (unknown)",
    ]);
    const skipped = await kubeIpam("store", "import", ...source, "--skip-damaged", "--dry-run", "-o", "json");
    expect(JSON.parse(skipped.stdout)).toMatchObject({ records: 2, damaged: { count: 2, held: false } });
  });

  test("M7: one address in two networks is one conflict that names both, before anything is written", async () => {
    await cluster.ctl("put", "/etcd-cni/networks/twin/used/10.9.9.9", "--", "twin");
    const source = ["--from", "kube-ipam-0.2", "-o", "json"];
    const before = (await kubeIpam("ip", "list", "-o", "json")).stdout;
    for (const more of [["--dry-run"], []]) {
      const refused = await kubeIpam("store", "import", ...source, ...more);
      expect([refused.exitCode, JSON.parse(refused.stdout)]).toEqual([
        1,
        expect.objectContaining({
          written: 0,
          conflictsWith: expect.arrayContaining([
            expect.stringMatching(
              /^the allocation of 10\.9\.9\.9 .* container other in network 'net10' .* container twin in network 'twin'/,
            ),
          ]),
        }),
      ]);
      expect(refused.stderr).toContain("--space");
    }
    expect((await kubeIpam("ip", "list", "-o", "json")).stdout).toBe(before);
    for (const network of ["net10", "twin"]) {
      const space = ["--network", network, "--space", network];
      expect(JSON.parse((await kubeIpam("store", "import", ...source, ...space)).stdout)).toMatchObject({
        written: 2,
      });
    }
    await cluster.ctl("del", "/etcd-cni/networks/twin/used/10.9.9.9");
  });

  test("K193: an import that wrote something tells the agents in the identity, and no other does", async () => {
    const imports = async () =>
      JSON.parse(await cluster.ctl("get", "--print-value-only", "/kube-ipam/v1/meta")).imports as number;
    const source = ["--from", "kube-ipam-0.2", "--network", "net193", "-o", "json"];
    await cluster.ctl("put", "/etcd-cni/networks/net193/used/10.193.0.1", "--", "c193");
    const before = await imports();
    const told: [number, number][] = [];
    for (const more of [["--dry-run"], [], []]) {
      const { stdout } = await kubeIpam("store", "import", ...source, ...more);
      told.push([JSON.parse(stdout).written, (await imports()) - before]);
    }
    expect(told).toEqual([
      [0, 0],
      [2, 1],
      [0, 1],
    ]);
  });

  test("that are not there are exit code 3", async () => {
    const none = await kubeIpam("store", "import", "--from", "kube-ipam-0.2", "--network", "net2");
    expect(none.exitCode).toBe(3);
    expect(none.stderr).toStartWith("error: etcd holds no addresses of kube-ipam 0.2 for network 'net2'\n");
  });

  test("store status tells of each endpoint, also of one that does not answer", async () => {
    const status = await kubeIpam("store", "status");
    expect(status.stdout).toMatch(/Endpoint http:\/\/127\.0\.0\.1:\d+: +etcd 3\.\d+\.\d+, leader, /);
    const executable = process.env.KUBE_IPAM_EXECUTABLE ?? join(import.meta.dir, "../../dist/kube-ipam");
    const dead = await run(
      [executable, "store", "status", "--etcd-url", "http://127.0.0.1:1", "--timeout", "3"],
      {
        env: { KUBE_IPAM_CONFIG: cluster.folder.file("none") },
      },
    );
    expect(dead.exitCode).toBe(4);
    expect(dead.stdout).toContain("Endpoint http://127.0.0.1:1: FAILED: ");
    expect(dead.stderr).toStartWith("error: ");
  });
});
