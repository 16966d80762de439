import { IpamError } from "./errors.ts";
import type { PoolPolicy } from "./network.ts";
import type { Ports } from "./ports.ts";
import type { AddRequest } from "./requests.ts";

/**
 * Whether the asker may take addresses of this pool at all, and name one (design section 7).
 *
 * @throws IpamError addressNotAllowed naming the pool and its rule.
 */
export function enforcePolicy(request: AddRequest, ports: Ports): void {
  const { policy } = request.network;
  if (policy === undefined) return;
  const namespace = request.pod?.namespace;
  requireNamespace(policy, "namespaces", policy.namespaces, namespace);
  const named = request.wish.fixed.length > 0 || request.wish.set !== undefined;
  if (named) requireNamespace(policy, "fixedNamespaces", policy.fixedNamespaces, namespace);
  void ports;
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
