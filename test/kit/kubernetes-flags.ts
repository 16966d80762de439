import { writeFileSync } from "node:fs";
import { type Authority, type CertificateFiles, makeAuthority } from "./certificates.ts";
import type { Folder } from "./folder.ts";
import type { KubernetesWish } from "./kubernetes.ts";

/** What the flags of the control plane's programs depend on. */
export interface FlagParts {
  readonly folder: Folder;
  readonly wish: KubernetesWish;
  readonly authority: Authority;
}

/** The address of the Service "kubernetes", which programs in pods are told. */
export const API_SERVICE = "10.96.0.1";

export async function apiServerFlags(parts: FlagParts, port: number, etcd: string): Promise<string[]> {
  const { authority, folder, wish } = parts;
  const hosts = ["127.0.0.1", "localhost", "kubernetes", "kubernetes.default.svc", API_SERVICE];
  const { certFile, keyFile } = await authority.issue({
    name: "kube-apiserver",
    hosts: wish.address === undefined ? hosts : [...hosts, wish.address],
  });
  return [
    `--etcd-servers=${etcd}`,
    `--secure-port=${port}`,
    ...(wish.address === undefined ? LOOPBACK_FLAGS : await nodeFlags(authority, wish.address)),
    ...(wish.auditLog === undefined ? [] : auditFlags(folder, wish.auditLog)),
    ...(wish.webhookClient ? await webhookFlags(folder) : []),
    ...(wish.aggregation ? await aggregationFlags(authority, wish.address) : []),
    `--tls-cert-file=${certFile}`,
    `--tls-private-key-file=${keyFile}`,
    `--client-ca-file=${authority.caFile}`,
    `--token-auth-file=${folder.file("tokens.csv")}`,
    ...accountFlags(await authority.issue({ name: "service-accounts" })),
    "--service-cluster-ip-range=10.96.0.0/16",
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
  ];
}

const LOOPBACK_FLAGS = [
  "--bind-address=127.0.0.1",
  // Only the kubernetes Service's endpoint cannot be made from it, which nobody here uses.
  "--advertise-address=127.0.0.1",
  "--endpoint-reconciler-type=none",
];

/** Nodes reach the API server, and it reaches their kubelets, for `kubectl logs` and `exec`. */
async function nodeFlags(authority: Authority, address: string): Promise<string[]> {
  const kubelets = await authority.issue({ name: "kubelet-client", organization: "system:masters" });
  return [
    "--bind-address=0.0.0.0",
    `--advertise-address=${address}`,
    "--allow-privileged=true",
    "--kubelet-preferred-address-types=InternalIP",
    `--kubelet-client-certificate=${kubelets.certFile}`,
    `--kubelet-client-key=${kubelets.keyFile}`,
  ];
}

function auditFlags(folder: Folder, log: string): string[] {
  const policy = folder.file("audit-policy.json");
  const rules = [{ level: "Metadata", omitStages: ["RequestReceived", "ResponseStarted"] }];
  writeFileSync(policy, JSON.stringify({ apiVersion: "audit.k8s.io/v1", kind: "Policy", rules }));
  return [`--audit-policy-file=${policy}`, `--audit-log-path=${folder.file(log)}`];
}

/** As docs/admission.md tells an administrator. */
async function webhookFlags(folder: Folder): Promise<string[]> {
  const authority = await makeAuthority(folder.path, "webhook-clients");
  const { certFile, keyFile } = await authority.issue({ name: "apiserver" });
  const kubeConfigFile = folder.file("webhooks.kubeconfig");
  // Every webhook: the port, which a name would need, is known later.
  const users = [{ name: "*", user: { "client-certificate": certFile, "client-key": keyFile } }];
  writeFileSync(kubeConfigFile, JSON.stringify({ apiVersion: "v1", kind: "Config", users }));
  const version = "apiserver.config.k8s.io/v1";
  const configuration = { apiVersion: version, kind: "WebhookAdmissionConfiguration", kubeConfigFile };
  const plugins = [{ name: "ValidatingAdmissionWebhook", configuration }];
  const path = folder.file("admission.json");
  writeFileSync(path, JSON.stringify({ apiVersion: version, kind: "AdmissionConfiguration", plugins }));
  return [`--admission-control-config-file=${path}`];
}

async function aggregationFlags(authority: Authority, address: string | undefined): Promise<string[]> {
  const proxy = await authority.issue({ name: "front-proxy" });
  return [
    `--requestheader-client-ca-file=${authority.caFile}`,
    "--requestheader-allowed-names=front-proxy",
    "--requestheader-username-headers=X-Remote-User",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    `--proxy-client-cert-file=${proxy.certFile}`,
    `--proxy-client-key-file=${proxy.keyFile}`,
    // There is no kube-proxy: a Service is reached at its endpoints. Those may not lie on loopback, where
    // a Service is an external name instead (see controller-service.ts), which only works without this.
    ...(address === undefined ? [] : ["--enable-aggregator-routing=true"]),
  ];
}

function accountFlags({ certFile, keyFile }: CertificateFiles): string[] {
  return [
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${certFile}`,
    `--service-account-signing-key-file=${keyFile}`,
  ];
}

export async function managerFlags({ authority, wish }: FlagParts): Promise<string[]> {
  const { keyFile } = await authority.issue({ name: "managed-accounts" });
  return [
    "--secure-port=0",
    ...(wish.address === undefined ? [`--controllers=${WORKLOAD_CONTROLLERS}`] : NODE_JUDGEMENT),
    // The manager's own user may do little; each controller has a role of its own.
    "--use-service-account-credentials=true",
    `--root-ca-file=${authority.caFile}`,
    `--service-account-private-key-file=${keyFile}`,
  ];
}

/** A node is found to be lost after 20 s instead of 50. */
const NODE_JUDGEMENT = ["--node-monitor-grace-period=20s", "--node-monitor-period=2s"];

/** The controllers that workloads and their service accounts need; none that judges nodes. */
const WORKLOAD_CONTROLLERS =
  "deployment-controller,replicaset-controller,statefulset-controller,daemonset-controller,job-controller," +
  "cronjob-controller,replicationcontroller-controller,garbage-collector-controller,namespace-controller," +
  "serviceaccount-controller,serviceaccount-token-controller,clusterrole-aggregation-controller,root-ca-certificate-publisher-controller";
