import { ETCD_VERSIONS, etcdBinaries } from "./etcd-binaries.ts";

/** Makes the etcd releases that the tests need before any of them waits for one; nothing when they are there. */
for (const version of ETCD_VERSIONS) await etcdBinaries(version);
