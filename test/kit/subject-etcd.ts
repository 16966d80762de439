import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { type EtcdCluster, startEtcd } from "./etcd.ts";
import { etcdSettings } from "./etcd-settings.ts";
import type { Place, Subject } from "./subject.ts";
import { deployPlugin, listAllocations } from "./subject-kube-ipam.ts";

let shared: Promise<EtcdCluster> | undefined;
let places = 0;

/** kube-ipam alone on a real etcd with mutual TLS; each place has a prefix of its own. */
export function kubeIpamOnEtcd(): Subject {
  return { name: "kube-ipam-etcd", type: "kube-ipam", ours: true, etcd: true, open };
}

async function open(): Promise<Place> {
  shared ??= start();
  const cluster = await shared;
  const prefix = `/places/${process.pid}/${places++}`;
  const settings = etcdSettings(cluster, { prefix });
  const plugin = deployPlugin();
  return {
    ...plugin,
    ipam: {
      ...plugin.ipam,
      etcdConfig: {
        etcdURL: settings.endpoints.join(","),
        etcdCertFile: settings.certFile,
        etcdKeyFile: settings.keyFile,
        etcdTrustedCAFile: settings.trustedCaFile,
        prefix,
      },
    },
    allocations: () => listAllocations(() => openEtcdStore(settings)),
  };
}

/** One etcd for all tests of this process, ended with it. */
async function start(): Promise<EtcdCluster> {
  const cluster = await startEtcd({ version: "3.4", tls: true });
  if (cluster === undefined) throw new Error("expected Debian's etcd 3.4: run scripts/setup.sh test");
  const pids = cluster.members.map((member) => member.pid());
  process.on("exit", () => {
    for (const pid of pids) process.kill(pid, "SIGKILL");
    cluster.folder[Symbol.dispose]();
  });
  return cluster;
}
