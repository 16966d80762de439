import { join } from "node:path";
import type { EtcdCluster } from "./etcd.ts";
import { run } from "./run.ts";

const SCRIPT = join(import.meta.dir, "../../deploy/etcd/create-user.sh");

/** Makes a user limited to a prefix with the script that we ship; no `stdin`, no password: by certificate CN. */
export async function createLimitedUser(
  cluster: EtcdCluster,
  user: string,
  prefix: string,
  stdin?: string,
): Promise<void> {
  const { client } = cluster;
  const finished = await run([SCRIPT, user, prefix], {
    env: {
      ETCDCTL: cluster.etcdctl,
      ETCDCTL_ENDPOINTS: cluster.endpoints.join(","),
      ...(client === undefined
        ? {}
        : {
            ETCDCTL_CACERT: client.trustedCaFile,
            ETCDCTL_CERT: client.certFile,
            ETCDCTL_KEY: client.keyFile,
          }),
    },
    ...(stdin === undefined ? {} : { stdin }),
  });
  if (finished.exitCode !== 0) throw new Error(`create-user.sh: ${finished.stderr}${finished.stdout}`);
}

/** Turns authentication on. From then on only "root" (a certificate of that CN) may do everything. */
export async function enableAuthentication(cluster: EtcdCluster): Promise<void> {
  await cluster.ctl("user", "add", "root", "--no-password");
  await cluster.ctl("user", "grant-role", "root", "root");
  await cluster.ctl("auth", "enable");
}
