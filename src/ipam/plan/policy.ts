import { IpamError } from "../errors.ts";
import type { PoolPolicy } from "../network.ts";
import { type Labels, missingLabels } from "../node-labels.ts";
import type { Ports } from "../ports.ts";
import type { AddRequest } from "../requests.ts";

/**
 * Requires that the asker may take addresses of this pool on this node, and name one
 * (docs/design.md section 7). The transaction of the ADD checks how many its namespace may have: see
 * quota.ts.
 *
 * @throws IpamError addressNotAllowed naming the pool and its rule; kubernetesRefused or tryAgain
 *   when the node's labels cannot be read (FAIL-CLOSED).
 */
export async function enforcePolicy(request: AddRequest, ports: Ports): Promise<void> {
  const { policy } = request.network;
  if (policy === undefined) return;
  const named = request.wish.fixed.length > 0 || request.wish.set !== undefined;
  requireNamespaces(policy, request.pod?.namespace, named);
  if (policy.nodes !== undefined) await requireNode(policy.pool, policy.nodes, ports, request.deadline);
}

/**
 * Requires what a pool's policy says of namespaces.
 *
 * @param named whether the asker names an address.
 * @throws IpamError addressNotAllowed naming the pool and its rule.
 */
export function requireNamespaces(policy: PoolPolicy, namespace: string | undefined, named: boolean): void {
  requireNamespace(policy, "namespaces", policy.namespaces, namespace);
  if (named) requireNamespace(policy, "fixedNamespaces", policy.fixedNamespaces, namespace);
}

function requireNamespace(
  policy: PoolPolicy,
  rule: "namespaces" | "fixedNamespaces",
  allowed: readonly string[] | undefined,
  namespace: string | undefined,
): void {
  if (allowed === undefined || (namespace !== undefined && allowed.includes(namespace))) return;
  const action = rule === "namespaces" ? "take addresses of" : "name addresses of";
  throw new IpamError(
    "addressNotAllowed",
    `namespace '${namespace ?? "(none)"}' may not ${action} pool '${policy.pool}'`,
    `the pool's ${rule} are: ${allowed.join(", ") || "none"}; an administrator sets them in the node's configuration`,
  );
}

async function requireNode(pool: string, selector: Labels, ports: Ports, deadline: number): Promise<void> {
  if (ports.cluster === undefined) {
    throw new IpamError(
      "kubernetesRefused",
      `pool '${pool}' is for some nodes only, and kube-ipam cannot read this node's labels: no kubeConfig is configured`,
      "set kubeConfig in the node's configuration",
    );
  }
  const labels = (await ports.cluster.node(ports.node.name, deadline))?.labels ?? {};
  const missing = missingLabels(selector, labels);
  if (missing.length === 0) return;
  throw new IpamError(
    "addressNotAllowed",
    `node '${ports.node.name}' may not take addresses of pool '${pool}'`,
    `the pool is for nodes labelled ${missing.join(", ")}`,
  );
}
