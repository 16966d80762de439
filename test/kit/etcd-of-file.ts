import { afterAll, beforeAll } from "bun:test";
import { type EtcdCluster, type EtcdWish, startEtcd } from "./etcd.ts";

/** Far longer than a start takes, in milliseconds: the binaries may have to be fetched. */
const PATIENCE = 120_000;

/** One etcd for all tests of the file that calls this at its top; it is there once they run. */
export function etcdOfFile(wish: EtcdWish): () => EtcdCluster {
  let etcd: EtcdCluster | undefined;
  beforeAll(async () => {
    etcd = await startEtcd(wish);
  }, PATIENCE);
  afterAll(async () => {
    await etcd?.[Symbol.asyncDispose]();
  });
  return () => {
    if (etcd === undefined) throw new Error("expected to be called by a test: etcd is not there yet");
    return etcd;
  };
}
