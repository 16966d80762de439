import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { type EtcdCluster, startEtcd } from "./etcd.ts";
import { etcdSettings } from "./etcd-settings.ts";
import type { Place, Subject } from "./subject.ts";
import { deployPlugin, listAllocations } from "./subject-kube-ipam.ts";

/** Tests want it quick; benchmarks want it as in production. */
export interface OnEtcd {
  /** Mutual TLS; default true. */
  readonly tls?: boolean;
  /** With fsync; default false. */
  readonly durable?: boolean;
}

const shared = new Map<string, Promise<EtcdCluster>>();
let places = 0;

/** kube-ipam alone on a real etcd; each place has a prefix of its own. */
export function kubeIpamOnEtcd(wish: OnEtcd = {}): Subject {
  return { name: "kube-ipam-etcd", type: "kube-ipam", ours: true, remote: true, open: () => open(wish) };
}

/** The etcd of all places of this process that wish for the same. */
export function sharedEtcd({ tls = true, durable = false }: OnEtcd = {}): Promise<EtcdCluster> {
  const key = `${tls} ${durable}`;
  const known = shared.get(key) ?? start(tls, durable);
  shared.set(key, known);
  return known;
}

async function open(wish: OnEtcd): Promise<Place> {
  const cluster = await sharedEtcd(wish);
  const prefix = `/places/${process.pid}/${places++}`;
  const settings = etcdSettings(cluster, { prefix });
  const plugin = deployPlugin();
  return {
    ...plugin,
    ipam: {
      ...plugin.ipam,
      etcdConfig: {
        etcdURL: settings.endpoints.join(","),
        ...(settings.certFile !== undefined && {
          etcdCertFile: settings.certFile,
          etcdKeyFile: settings.keyFile,
          etcdTrustedCAFile: settings.trustedCaFile,
        }),
        prefix,
      },
    },
    allocations: () => listAllocations(() => openEtcdStore(settings)),
  };
}

/** One etcd for all tests of this process, ended with it. */
async function start(tls: boolean, durable: boolean): Promise<EtcdCluster> {
  const cluster = await startEtcd({ version: "3.4", tls, durable });
  if (cluster === undefined) throw new Error("expected Debian's etcd 3.4: run scripts/setup.sh test");
  const pids = cluster.members.map((member) => member.pid());
  process.on("exit", () => {
    for (const pid of pids) process.kill(pid, "SIGKILL");
    cluster.folder[Symbol.dispose]();
  });
  return cluster;
}
