import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHART, render } from "../kit/helm.ts";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { customResource } from "../kit/kubernetes-objects.ts";

/** What the chart renders, judged by the real API server: a dry run with all of its validation. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`manifests: ${missing}`, () => {});

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  "the defaults": [],
  "etcd with certificates": [
    "--set=etcd.secret=kube-ipam-etcd",
    '--set-json=etcd.endpoints=["https://192.168.1.11:2379"]',
  ],
  "no credential on the node": [
    "--set=fallback=none",
    "--set=etcd.secret=kube-ipam-etcd",
    '--set-json=etcd.endpoints=["https://192.168.1.11:2379"]',
  ],
  "what removes it from the nodes": [
    "--set=cleanup=true",
    '--set-json=network.config={"cniVersion":"1.0.0","name":"n","plugins":[]}',
  ],
  "alerts and dashboard": ["--set=monitoring.enabled=true"],
  "an account for operators": ["--set=rbac.operator=true"],
  "tenants that reserve": ["--set=rbac.tenants=true"],
  "a store for each node": ["--set=config.nodeLocal=true"],
  k3s: [`--values=${CHART}/values-k3s.yaml`],
  RKE2: [`--values=${CHART}/values-rke2.yaml`],
  "Talos Linux": [`--values=${CHART}/values-talos.yaml`],
  OpenShift: [`--values=${CHART}/values-openshift.yaml`],
  "a network of its own": ['--set-json=network.config={"cniVersion":"1.0.0","name":"n","plugins":[]}'],
  "every optional value of the agent": [
    "--set=agent.hostPID=true,agent.seLinuxOptions.type=spc_t,agent.listen=[::]:9467",
    "--set=image.tag=sha256:0000000000000000000000000000000000000000000000000000000000000000",
    "--set=image.pullSecrets={one,two},apiServer.host=10.1.2.3,paths.run=/run/other",
    "--set=agent.hostFolders={/run/systemd/resolve,/etc/dns}",
    "--set=controller.admissionClientCa=webhook-clients,controller.listen=[::]:9468",
    "--set=agent.podLabels.a=b,agent.podAnnotations.c=d,commonLabels.e=f",
  ],
};

describe.skipIf(missing !== undefined)("the API server accepts it with", () => {
  let kubernetes: Kubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await kubernetes.apply(
      customResource("monitoring.coreos.com", "PrometheusRule", "v1"),
      customResource("monitoring.coreos.com", "PodMonitor", "v1"),
    );
    // A dry run makes none.
    await kubernetes.kubectl("apply", "-f", join(CHART, "rbac/namespace.yaml"));
    await kubernetes.kubectl("wait", "crd", "--all", "--for=condition=Established", "--timeout=30s");
  }, 120_000);
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

  const accepted = (path: string) =>
    kubernetes.kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", path);

  for (const [title, args] of Object.entries(CHOICES)) {
    test(title, async () => {
      const path = kubernetes.folder.file(`${title}.yaml`);
      writeFileSync(path, await render(...args));
      expect(await accepted(path)).toContain("daemonset.apps/kube-ipam-agent serverside-applied");
    });
  }

  test("no Helm, from deploy/manifests", async () => {
    const manifests = join(CHART, "../manifests");
    const stored = await accepted(join(manifests, "kube-ipam.yaml"));
    for (const all of [stored, await accepted(join(manifests, "kube-ipam-etcd.yaml"))]) {
      expect(all).toContain("deployment.apps/kube-ipam-controller serverside-applied");
      expect(all).toContain("validatingadmissionpolicy.admissionregistration.k8s.io/kube-ipam-refusals");
      expect(all).toContain("validatingwebhookconfiguration.admissionregistration.k8s.io/kube-ipam");
      expect(all).not.toContain("customresourcedefinition");
    }
    expect(stored).toContain("validatingadmissionpolicy.admissionregistration.k8s.io/kube-ipam-store-nodes");
    const kept = await accepted(join(manifests, "crds.yaml"));
    for (const name of ["addressrecords.store", "storerecords.store", "pools"])
      expect(kept).toContain(`customresourcedefinition.apiextensions.k8s.io/${name}.kube-ipam.io`);
    expect(kept).toContain(
      "validatingadmissionpolicybinding.admissionregistration.k8s.io/kube-ipam-store-kept",
    );
    expect(await accepted(join(manifests, "cleanup.yaml"))).toContain("daemonset.apps/kube-ipam-cleanup");
  });

  test("no more of Pod Security's restrictions broken than it must", async () => {
    await kubernetes.kubectl(
      "label",
      "namespace",
      "kube-system",
      "pod-security.kubernetes.io/warn=restricted",
    );
    const path = kubernetes.folder.file("warned.yaml");
    writeFileSync(path, await render(...(CHOICES["etcd with certificates"] ?? [])));
    const { stderr } = await kubernetes.tryKubectl("apply", "--server-side", "--dry-run=server", "-f", path);
    const [agent = "", controller = "", ...others] = stderr.trim().split("\n").sort(byLength);
    expect(others).toEqual([]);
    expect(reasons(controller)).toEqual(["host namespaces", "probe or lifecycle host"]);
    expect(reasons(agent)).toEqual([
      "host namespaces",
      "probe or lifecycle host",
      "restricted volume types",
      "runAsNonRoot != true",
      "runAsUser=0",
      "unrestricted capabilities",
    ]);
  });
});

/** The agent's warning is the longer one. */
function byLength(a: string, b: string): number {
  return b.length - a.length;
}

/** What a warning says, without whom it concerns: `reason (…), reason (…)`. */
function reasons(warning: string): string[] {
  const [, list = ""] = /"restricted:latest": (.*)$/.exec(warning) ?? [];
  return list
    .split(/ \((?:[^()]|\([^()]*\))*\)(?:, |$)/)
    .filter((reason) => reason !== "")
    .sort();
}
