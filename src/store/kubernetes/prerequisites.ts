import * as v from "valibot";
import type { KubernetesStoreSettings } from "../../config/network-configuration.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import { missingRights, type Right } from "../../kubernetes/api/access-review.ts";
import { Api } from "../../kubernetes/api/api.ts";
import { pathOf, rootOf } from "../../kubernetes/api/path.ts";
import { loadCredentials } from "../../kubernetes/credentials/credentials.ts";
import type { Prerequisite } from "../configured-store.ts";
import type { Resource } from "./objects/names.ts";
import { withoutDefinitions } from "./requests/failures.ts";
import { GROUP, VERSION } from "./requests/wire.ts";

const RESOURCES: readonly Resource[] = ["addressrecords", "storerecords"];

/**
 * What must be installed in the cluster, and allowed to these credentials, as far as they may look at it.
 *
 * @throws IpamError as the Cluster port says.
 */
export async function kubernetesPrerequisites(
  { kind: _, ...cluster }: KubernetesStoreSettings,
  { deadline }: CallOptions,
): Promise<Prerequisite[]> {
  const api = new Api(loadCredentials(cluster));
  const definitions = await definitionsIn(api, deadline);
  if (definitions.problem !== undefined) return [definitions];
  return [definitions, await rightsOf(cluster, deadline), ...(await policiesIn(api, deadline))];
}

const resourceList = v.object({ resources: v.array(v.object({ name: v.string() })) });

async function definitionsIn(api: Api, deadline: number): Promise<Prerequisite> {
  const name = "definitions of records";
  const served = await api.discover(rootOf(`${GROUP}/${VERSION}`), resourceList, deadline);
  const names = served?.resources.map((each) => each.name) ?? [];
  const missing = RESOURCES.filter((each) => !names.includes(each));
  if (missing.length === 0) return { name, found: "are served" };
  const { message, remedy } = withoutDefinitions(api.server);
  return { name, found: message, problem: { remedy, isGrave: true } };
}

/** As agent, plugin and operators use them; to watch is an agent's alone. */
const VERBS = ["get", "list", "create", "update", "delete"] as const;

async function rightsOf(
  cluster: Omit<KubernetesStoreSettings, "kind">,
  deadline: number,
): Promise<Prerequisite> {
  const name = "rights over records";
  const needed = RESOURCES.flatMap((resource) =>
    VERBS.map((verb): Right => ({ verb, group: GROUP, resource })),
  );
  const missing = await missingRights(cluster, needed, deadline);
  if (missing.length === 0) return { name, found: "all that is needed" };
  return {
    name,
    found: `may not ${missing.map(({ resource, verb }) => `${verb} ${resource}`).join(", ")}`,
    problem: { remedy: BIND, isGrave: true },
  };
}

const BIND =
  "bind the ClusterRole kube-ipam-store-node to a node's account, kube-ipam-store-operator to an operator's " +
  "(deploy/rbac/store.yaml)";

const POLICIES = ["kube-ipam-store-nodes", "kube-ipam-store-writers", "kube-ipam-store-kept"] as const;
const OBJECTS = ["validatingadmissionpolicies", "validatingadmissionpolicybindings"] as const;

/** Policies bound what each account writes. None of a node's accounts may look at them: nothing is said then. */
async function policiesIn(api: Api, deadline: number): Promise<Prerequisite[]> {
  const name = "policies over records";
  const missing = new Set<string>();
  for (const plural of OBJECTS) {
    const kind = { group: "admissionregistration.k8s.io", version: "v1", plural, shape: v.unknown() };
    for (const policy of POLICIES) {
      const path = pathOf(kind, { name: policy });
      const answer = await api.request(path, deadline);
      if (answer.httpStatus === 403) return [];
      if (answer.httpStatus === 404) missing.add(policy);
      else if (!answer.ok) throw api.refusal(answer, { verb: "get", kind, name: { name: policy } });
    }
  }
  if (missing.size === 0) return [{ name, found: "are installed" }];
  const remedy =
    "'kubectl apply --server-side -f deploy/rbac/store.yaml -f deploy/crds/kept.yaml', or helm; they need Kubernetes 1.30";
  const found = `${[...missing].join(", ")} missing: RBAC alone bounds who writes or deletes records`;
  return [{ name, found, problem: { remedy, isGrave: false } }];
}
