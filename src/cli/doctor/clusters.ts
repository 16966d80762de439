import { isSubstitute } from "../../ipam/cluster-names.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import { missingRights, type Right } from "../../kubernetes/api/access-review.ts";
import type { ClusterSettings } from "../../kubernetes/credentials/credentials.ts";
import { lazyCluster } from "../../kubernetes/ports/lazy-cluster.ts";
import { type Finding, failed, finding, ok, warning } from "./finding.ts";

/** A kubeconfig, and who uses it, which decides the rights that it needs. */
export interface ClusterUse extends ClusterSettings {
  readonly name: string;
  readonly by: "plugin" | "operator";
}

/** This node's name and boot ID. */
export interface Self {
  readonly name: string;
  readonly bootId: string;
}

/** Without these no pod gets an address that it asks for. */
const NEEDED: readonly Right[] = [
  { verb: "get", group: "", resource: "pods" },
  { verb: "get", group: "", resource: "nodes" },
  { verb: "get", group: "", resource: "namespaces", name: "kube-system" },
];

/** Without one of these, kube-ipam refuses fixed and sticky addresses to pods of that kind of owner. */
const FOR_OWNERS: readonly Right[] = [
  { verb: "get", group: "", resource: "replicationcontrollers" },
  ...["deployments", "replicasets", "statefulsets", "daemonsets"].map(
    (resource): Right => ({ verb: "get", group: "apps", resource }),
  ),
  ...["jobs", "cronjobs"].map((resource): Right => ({ verb: "get", group: "batch", resource })),
];

/** Without it, kube-ipam refuses what a pod asks for beside a network that the store does not know yet. */
const FOR_NETWORKS: readonly Right[] = [
  { verb: "get", group: "k8s.cni.cncf.io", resource: "network-attachment-definitions" },
];

/** Without it, networks that name a pool of the cluster are refused. */
const FOR_POOLS: readonly Right[] = [{ verb: "list", group: "kube-ipam.io", resource: "pools" }];

const FOR_OPERATORS: readonly Right[] = ["pods", "nodes"].map(
  (resource): Right => ({ verb: "list", group: "", resource }),
);

const EVERYTHING: Right = { verb: "*", group: "*", resource: "*" };

/** Checks that the API server answers, knows this node by its name, and grants the rights that are needed. */
export async function checkCluster(use: ClusterUse, self: Self, options: CallOptions): Promise<Finding[]> {
  const answers = await finding(`kubeconfig ${use.name}`, () => checkAnswer(use, options));
  if (answers.result === "FAILED") return [answers];
  return [
    answers,
    await finding(`Node ${self.name}`, () => checkNodeObject(use, self, options)),
    await finding(`rights of ${use.name}`, () => checkRights(use, options)),
  ];
}

async function checkAnswer(use: ClusterUse, { deadline }: CallOptions): Promise<Finding> {
  const { name } = await lazyCluster(use).clusterNames(deadline);
  const found = `the API server answers, cluster ${name}`;
  if (!isSubstitute(name)) return ok(`kubeconfig ${use.name}`, found);
  return warning(
    `kubeconfig ${use.name}`,
    `${found}: a name by its certificate authority, because the UID of the namespace kube-system may not be read`,
    "let its user get the namespace kube-system, best before the first pod: clusters that share an authority share that name",
  );
}

async function checkNodeObject(
  use: ClusterUse,
  { name, bootId }: Self,
  { deadline }: CallOptions,
): Promise<Finding> {
  const node = await lazyCluster(use).node(name, deadline);
  const check = `Node ${name}`;
  if (node === undefined) {
    const found = "Kubernetes has no Node of this node's name: a holder here could never be fenced";
    const remedy = "set nodeName to what 'kubectl get nodes' calls this node";
    return use.by === "plugin" ? failed(check, found, remedy) : warning(check, found, remedy);
  }
  if (node.bootId !== undefined && node.bootId !== bootId) {
    return warning(
      check,
      `that Node's machine booted as ${node.bootId}, this one as ${bootId}: it is another machine, or its kubelet has not reported yet`,
      "set nodeName to what 'kubectl get nodes' calls this node",
    );
  }
  return ok(check, node.ready === "true" ? "is this machine, Ready" : "is this machine, NotReady");
}

async function checkRights(use: ClusterUse, { deadline }: CallOptions): Promise<Finding> {
  const check = `rights of ${use.name}`;
  const manifest = `deploy/rbac/${use.by}.yaml`;
  const remedy = `'kubectl apply -f ${manifest}', and bind its ClusterRole to the kubeconfig's user`;
  const needed = use.by === "plugin" ? NEEDED : [...NEEDED, ...FOR_OPERATORS];
  const missing = await missingRights(use, needed, deadline);
  if (missing.length > 0) return failed(check, `may not ${missing.map(textOf).join(", ")}`, remedy);
  const ofOwners = await missingRights(use, FOR_OWNERS, deadline);
  if (ofOwners.length > 0) {
    const effect = "fixed and sticky addresses of their pods are refused, and reservations do not end";
    return warning(check, `may not ${ofOwners.map(textOf).join(", ")}: ${effect}`, remedy);
  }
  const ofNetworks = await missingRights(use, FOR_NETWORKS, deadline);
  if (ofNetworks.length > 0) {
    const effect =
      "what a pod asks for is refused beside a network of Multus that the store does not know yet";
    return warning(check, `may not ${ofNetworks.map(textOf).join(", ")}: ${effect}`, remedy);
  }
  const ofPools = await missingRights(use, FOR_POOLS, deadline);
  if (ofPools.length > 0) {
    const effect = "networks that name a pool of the cluster are refused";
    return warning(check, `may not ${ofPools.map(textOf).join(", ")}: ${effect}`, remedy);
  }
  const [everything] = await missingRights(use, [EVERYTHING], deadline);
  if (everything === undefined && use.by === "plugin") {
    return warning(
      check,
      "may do everything: anyone who can read it controls the cluster",
      `give the node fewer rights: ${remedy}`,
    );
  }
  return ok(check, "all that is needed");
}

function textOf({ verb, group, resource }: Right): string {
  return `${verb} ${group === "" ? resource : `${resource}.${group}`}`;
}
