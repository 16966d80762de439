import type { EtcdCluster } from "./etcd.ts";

/** What clients have read of an etcd of one member since it started. */
export interface EtcdReads {
  /** Range requests, those in transactions too. */
  readonly ranges: number;
  /** What it has sent to clients. */
  readonly bytes: number;
}

/** Reads etcd's own metrics. */
export async function readFromEtcd(cluster: EtcdCluster): Promise<EtcdReads> {
  const text = await (await fetch(cluster.metricsUrl)).text();
  const sum = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))].reduce(
      (all, [, value]) => all + Number(value),
      0,
    );
  return {
    ranges: sum("etcd_mvcc_range_total"),
    bytes: sum("etcd_network_client_grpc_sent_bytes_total"),
  };
}
