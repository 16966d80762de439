import { expect, test } from "bun:test";
import { roleOf, ticksOf } from "./process-times.ts";

test("own ticks and those of waited-for children, whatever the program is called", () => {
  const fields = "S 1 1 1 0 -1 4194560 1 2 3 4 50 60 700 800 20 0 1 0 12345";
  expect(ticksOf(`42 (a) b (c) ${fields}`)).toEqual({ own: 110, waited: 1500 });
});

test("a program's command line tells its role", () => {
  const role = (line: string) => roleOf(line.split(" "));
  expect(role("/opt/cni/bin/kube-ipam.full agent --listen=:1")).toBe("agent");
  expect(role("/w/dist/kube-ipam controller --config=c")).toBe("controller");
  expect(role("/w/dist/kube-ipam ip list")).toBeUndefined();
  expect(role("/c/etcd --data-dir=/x --unsafe-no-fsync")).toBe("etcd of the API server");
  expect(role("/c/bin/etcd --name=m1 --cert-file=x --unsafe-no-fsync")).toBe("etcd of the addresses");
  expect(role("/usr/bin/containerd-shim-runc-v2 -namespace k8s.io")).toBe("containerd-shim and runc");
  expect(role("containerd --config /etc")).toBe("containerd");
  expect(role("bun bench/cluster.ts")).toBeUndefined();
});
