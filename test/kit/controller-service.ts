import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CONTROLLER_NAMESPACE, type Controller } from "./controller.ts";
import type { Kubernetes } from "./kubernetes.ts";

const DEPLOY = join(import.meta.dir, "../../deploy");

/** Leads the Service kube-ipam-controller to loopback, where the test's controllers listen. */
export async function applyControllerService({ apply, kubectl }: Kubernetes): Promise<void> {
  await kubectl("apply", "-f", join(DEPLOY, "rbac/namespace.yaml"));
  await apply({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "kube-ipam-controller", namespace: CONTROLLER_NAMESPACE },
    spec: { type: "ExternalName", externalName: "localhost" },
  });
}

/** Applies a shipped manifest that names that Service, with the port of this replica in the Service's place. */
export async function applyFor(
  { tlsPort }: Pick<Controller, "tlsPort">,
  manifest: string,
  kubernetes: Kubernetes,
): Promise<void> {
  const text = readFileSync(join(DEPLOY, manifest), "utf8").replaceAll(/port: 443\b/g, `port: ${tlsPort}`);
  const path = kubernetes.folder.file(manifest.replaceAll("/", "-"));
  await Bun.write(path, text);
  await kubernetes.kubectl("apply", "-f", path);
}

/** The APIService that the chart makes, leading to this replica; it gets its caBundle from the controller. */
export async function applyApiService(
  { tlsPort }: Pick<Controller, "tlsPort">,
  { apply }: Kubernetes,
): Promise<void> {
  await apply({
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { name: "v1.ipam.kube-ipam.io" },
    spec: {
      group: "ipam.kube-ipam.io",
      version: "v1",
      groupPriorityMinimum: 1000,
      versionPriority: 15,
      service: { name: "kube-ipam-controller", namespace: CONTROLLER_NAMESPACE, port: tlsPort },
    },
  });
}
