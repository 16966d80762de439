import { join } from "node:path";
import type { Kubernetes } from "./kubernetes.ts";

const RBAC = join(import.meta.dir, "../../deploy/rbac");

/** Applies the shipped role and gives a token of its service account: exactly what a node gets. */
export function pluginToken(kubernetes: Kubernetes): Promise<string> {
  return tokenOf(kubernetes, "plugin.yaml", "kube-ipam");
}

/** The same for the agent, which has an account of its own. */
export function agentToken(kubernetes: Kubernetes): Promise<string> {
  return tokenOf(kubernetes, "agent.yaml", "kube-ipam-agent");
}

/** The same for whoever operates kube-ipam from outside. */
export function operatorToken(kubernetes: Kubernetes): Promise<string> {
  return tokenOf(kubernetes, "operator.yaml", "kube-ipam-operator");
}

async function tokenOf(kubernetes: Kubernetes, manifest: string, account: string): Promise<string> {
  await kubernetes.kubectl("apply", "-f", join(RBAC, manifest));
  return (await kubernetes.kubectl("-n", "kube-system", "create", "token", account)).trim();
}

/** All rights over the store on Kubernetes' own API, and the policies that bound them. */
export async function applyStoreRights(kubernetes: Kubernetes): Promise<void> {
  for (const file of ["plugin", "agent", "controller", "operator", "store"])
    await kubernetes.kubectl("apply", "-f", join(RBAC, `${file}.yaml`));
}

/** A kubeconfig of one of our accounts, whose token is bound to a Node as the agent asks for it. */
export async function nodeConfig(
  kubernetes: Kubernetes,
  node: string,
  account = "kube-ipam",
): Promise<string> {
  const bound = ["--bound-object-kind=Node", `--bound-object-name=${node}`];
  return accountConfig(kubernetes, "kube-system", account, ...bound);
}

/** A kubeconfig of an account. */
export async function accountConfig(
  kubernetes: Kubernetes,
  namespace: string,
  account: string,
  ...more: string[]
): Promise<string> {
  const token = await kubernetes.kubectl("-n", namespace, "create", "token", account, ...more);
  return kubernetes.kubeConfig({ token: token.trim() });
}

/** Takes the shipped role away again; the chart brings its own and refuses one that is not Helm's. */
export async function forgetRole(kubernetes: Kubernetes): Promise<void> {
  await kubernetes.kubectl("delete", "-f", join(RBAC, "plugin.yaml"));
}
