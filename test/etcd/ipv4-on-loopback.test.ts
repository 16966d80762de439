import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { kubeConfigText } from "../../src/kubernetes/testing/kubeconfig.ts";
import { makeAuthority } from "../kit/certificates.ts";
import { ETCD_VERSIONS, etcdBinaries } from "../kit/etcd-binaries.ts";
import { temporaryFolder } from "../kit/folder.ts";
import { run } from "../kit/run.ts";

/**
 * A node whose only IPv4 is on loopback, with etcd and an API server on 127.0.0.1. What runs in its namespaces ends with
 * them: `unshare` ends its child's descendants.
 */
const NODE = `
ip link set lo up
mount --bind "$HOSTS" /etc/hosts
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
ip -6 addr add 2001:db8:1::2/64 dev v0 nodad
"$ETCD" --data-dir "$DATA/etcd" --listen-client-urls https://127.0.0.1:2379 --advertise-client-urls https://127.0.0.1:2379 \\
  --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \\
  --initial-cluster default=http://127.0.0.1:2380 --listen-metrics-urls http://127.0.0.1:2381 --log-level error \\
  --cert-file "$CERT" --key-file "$KEY" >/dev/null 2>&1 &
"$BUN" "$DATA/api.ts" >/dev/null 2>&1 &
for try in $(seq 100); do
  "$ETCDCTL" --endpoints https://127.0.0.1:2379 --cacert "$CA" endpoint health >/dev/null 2>&1 && break
  sleep 0.1
done
for host in localhost store-a; do
  sed "s/HOST/$host/g" "$DATA/network.json" |
    CNI_COMMAND=ADD CNI_CONTAINERID="$host" CNI_NETNS=/proc/self/ns/net CNI_IFNAME=eth0 CNI_PATH=/opt/cni/bin \\
    CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=p;K8S_POD_UID=u" "$PROGRAM" | tr -d '\\n '
  echo
done
`;

const API = (cert: string, key: string) => `Bun.serve({
  port: 6443,
  hostname: "127.0.0.1",
  tls: { cert: Bun.file("${cert}"), key: Bun.file("${key}") },
  fetch(request) {
    if (request.headers.get("Host") !== "store-a:6443") return new Response("", { status: 500 });
    const path = new URL(request.url).pathname;
    const metadata = path.endsWith("/p")
      ? { name: "p", namespace: "default", uid: "u", annotations: { "kube-ipam.ip": "10.30.0.9" } }
      : { name: "kube-system", uid: "cluster" };
    return Response.json({ metadata, spec: {} });
  },
});`;

test("K108: a name of 127.0.0.1 leads to etcd and to the API server on a node with IPv4 on loopback alone", async () => {
  using folder = temporaryFolder("loopback");
  const [version = "3.4"] = ETCD_VERSIONS;
  const { etcd, etcdctl } = await etcdBinaries(version);
  const authority = await makeAuthority(folder.path, "ca");
  const server = await authority.issue({ name: "server", hosts: ["localhost", "store-a", "127.0.0.1"] });
  const write = (name: string, text: string) => {
    writeFileSync(folder.file(name), text);
    return folder.file(name);
  };
  write("api.ts", API(server.certFile, server.keyFile));
  const kubeConfig = write(
    "kubeconfig",
    kubeConfigText(
      { server: "https://store-a:6443", "certificate-authority": authority.caFile },
      { token: "t" },
    ),
  );
  const ipam = {
    ...{ type: "kube-ipam", subnet: "10.30.0.0/24", nodeName: "n1", kubeConfig },
    ...{ dataDir: folder.file("data"), runDir: folder.file("run"), logFile: folder.file("log") },
    etcdConfig: { etcdURL: "https://HOST:2379", etcdTrustedCAFile: authority.caFile },
  };
  write(
    "network.json",
    JSON.stringify({
      cniVersion: "1.0.0",
      name: "HOST",
      type: "bridge",
      ipam: { ...ipam, addressSpace: "HOST" },
    }),
  );
  const finished = await run(
    [
      "unshare",
      "--mount",
      "--net",
      "--pid",
      "--fork",
      "--kill-child",
      "--propagation",
      "private",
      "sh",
      "-ec",
      NODE,
    ],
    {
      env: {
        HOSTS: write("hosts", "127.0.0.1 localhost\n::1 localhost\n127.0.0.1 store-a\n"),
        DATA: folder.path,
        ETCD: etcd,
        ETCDCTL: etcdctl,
        ETCDCTL_API: "3",
        BUN: process.execPath,
        CERT: server.certFile,
        KEY: server.keyFile,
        CA: authority.caFile,
        PROGRAM: process.env.KUBE_IPAM_EXECUTABLE ?? "dist/kube-ipam",
        KUBE_IPAM_CONFIG: folder.file("none.json"),
      },
    },
  );
  expect(finished.stdout.trim().split("\n")).toEqual([
    expect.stringContaining('"address":"10.30.0.9/24"'),
    expect.stringContaining('"address":"10.30.0.9/24"'),
  ]);
});
