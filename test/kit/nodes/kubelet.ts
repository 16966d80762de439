import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Daemon } from "../daemon.ts";
import { type Kubernetes, PROGRAMS } from "../kubernetes.ts";
import { makeNodeCgroup } from "./cgroups.ts";
import type { Machine } from "./machine.ts";

const FOLDER = "/etc/kubernetes";

/** Gives the machine a kubelet's identity and settings; `startKubelet` runs it. */
export async function prepareKubelet(machine: Machine, kubernetes: Kubernetes, address: string) {
  const { authority } = kubernetes;
  const serving = await authority.issue({ name: machine.name, hosts: [machine.name, address] });
  mkdirSync(machine.path(FOLDER), { recursive: true });
  const put = (from: string, name: string) => copyFileSync(from, machine.path(FOLDER, name));
  put(kubernetes.nodeConfig(machine.name), "kubelet.conf");
  put(authority.caFile, "ca.crt");
  put(serving.certFile, "kubelet.crt");
  put(serving.keyFile, "kubelet.key");
  const settings = kubeletSettings(address, makeNodeCgroup(machine.name));
  writeFileSync(machine.path(FOLDER, "kubelet.json"), JSON.stringify(settings));
}

export function startKubelet(machine: Machine, address: string): Daemon {
  return machine.start(`${machine.name}-kubelet`, [
    join(PROGRAMS, "kubelet"),
    `--config=${FOLDER}/kubelet.json`,
    `--kubeconfig=${FOLDER}/kubelet.conf`,
    `--hostname-override=${machine.name}`,
    `--node-ip=${address}`,
  ]);
}

function kubeletSettings(address: string, cgroup: string): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${FOLDER}/ca.crt` },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: `${FOLDER}/kubelet.crt`,
    tlsPrivateKeyFile: `${FOLDER}/kubelet.key`,
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    // The disk is a machine's that others use too: its filling up is not this test's matter.
    localStorageCapacityIsolation: false,
    evictionHard: { "memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
    imageGCHighThresholdPercent: 100,
    resolvConf: "",
    // Nobody answers there: without any, the kubelet warns of each pod.
    clusterDNS: ["10.96.0.10"],
    makeIPTablesUtilChains: false,
    nodeStatusUpdateFrequency: "4s",
    syncFrequency: "5s",
  };
}
