import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { isSubstitute } from "../../src/ipam/cluster-names.ts";
import type { Cluster } from "../../src/ipam/cluster-port.ts";
import { IpamError } from "../../src/ipam/errors.ts";
import { lazyCluster } from "../../src/kubernetes/ports/lazy-cluster.ts";
import { makeAuthority } from "../kit/certificates.ts";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { cronJob, kubeVirtKinds, pod, podOf, setNode, workload } from "../kit/kubernetes-objects.ts";
import { pluginToken } from "../kit/kubernetes-role.ts";

/** src/kubernetes against a real API server with RBAC on and exactly the shipped role. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the Cluster port against a real API server: ${missing}`, () => {});

describe.skipIf(missing !== undefined)("the Cluster port with the shipped role", () => {
  let kubernetes: Kubernetes;
  let token: string;
  let cluster: Cluster;

  beforeAll(async () => {
    kubernetes = await startKubernetes({ controllers: true });
    token = await pluginToken(kubernetes);
    cluster = lazyCluster({ kubeConfig: kubernetes.kubeConfig({ token }) });
  }, 120_000);
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

  const soon = () => performance.now() + 10_000;

  async function factsOf(name: string) {
    const facts = await cluster.pod({ namespace: "default", name }, soon());
    if (facts === undefined) throw new Error(`expected a pod ${name}`);
    return facts;
  }

  async function failureOf(asked: Promise<unknown>): Promise<string> {
    const error = await asked.then(
      (answer) => `no error: ${JSON.stringify(answer)}`,
      (thrown: unknown) => thrown,
    );
    return error instanceof IpamError ? `${error.code} ${error.message}; ${error.details}` : String(error);
  }

  test("reads a pod through its life", async () => {
    const annotations = { "kube-ipam.ip": "10.1.2.5" };
    await kubernetes.apply(pod({ name: "life", node: "n1", annotations }));
    const facts = await factsOf("life");
    expect(facts).toMatchObject({
      name: "life",
      nodeName: "n1",
      annotations,
      deleting: false,
      finished: false,
      mirror: false,
    });
    await kubernetes.kubectl("delete", "pod", "life", "--wait=false");
    expect((await factsOf("life")).deleting).toBe(true);
    await kubernetes.kubectl("delete", "pod", "life", "--force", "--grace-period=0");
    expect(await cluster.pod({ namespace: "default", name: "life" }, soon())).toBeUndefined();
    await kubernetes.apply(pod({ name: "life", node: "n1" }));
    expect((await factsOf("life")).uid).not.toBe(facts.uid);
  });

  test("reads a finished pod", async () => {
    await kubernetes.apply(pod({ name: "done", node: "n1" }));
    const merge = "application/merge-patch+json";
    await kubernetes.request(
      "PATCH",
      "/api/v1/namespaces/default/pods/done/status",
      { status: { phase: "Succeeded" } },
      merge,
    );
    expect((await factsOf("done")).finished).toBe(true);
  });

  test("reads a node, and that there is none", async () => {
    await setNode(kubernetes, "n1", { ready: "True", bootId: "boot-1" });
    expect(await cluster.node("n1", soon())).toMatchObject({
      ready: "true",
      bootId: "boot-1",
      outOfServiceTaint: false,
    });
    await setNode(kubernetes, "n1", { ready: "Unknown", bootId: "boot-1", outOfService: true });
    expect(await cluster.node("n1", soon())).toMatchObject({ ready: "unknown", outOfServiceTaint: true });
    expect(await cluster.node("n-none", soon())).toBeUndefined();
  });

  test("knows the cluster by the UID of kube-system", async () => {
    const uid = await kubernetes.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}");
    expect((await cluster.clusterNames(soon())).name).toBe(uid);
  });

  test("follows a Deployment's pod to its Deployment, which goes", async () => {
    await kubernetes.apply(workload("Deployment", "web"));
    const facts = await cluster.ownerOf(await factsOf(await podOf(kubernetes, "app=web")), soon());
    expect(facts.owner).toMatchObject({ kind: "Deployment", namespace: "default", name: "web" });
    expect(await cluster.ownerState(facts.owner, soon())).toBe("present");
    await kubernetes.kubectl("delete", "deployment", "web", "--cascade=orphan");
    expect(await cluster.ownerState(facts.owner, soon())).toBe("gone");
    await kubernetes.apply(workload("Deployment", "web"));
    expect(await cluster.ownerState(facts.owner, soon())).toBe("gone");
  }, 30_000);

  test("counts a StatefulSet's ordinals from their start", async () => {
    await kubernetes.apply(workload("StatefulSet", "db", { serviceName: "db", ordinals: { start: 3 } }));
    const name = await podOf(kubernetes, "app=db");
    expect(name).toBe("db-3");
    const facts = await cluster.ownerOf(await factsOf(name), soon());
    expect(facts.owner).toMatchObject({ kind: "StatefulSet", name: "db" });
    expect(facts.ordinal).toBe(0);
  }, 30_000);

  test("follows a CronJob's pod to its CronJob", async () => {
    await kubernetes.apply(cronJob("run"));
    await kubernetes.kubectl("create", "job", "run-1", "--from=cronjob/run");
    const facts = await cluster.ownerOf(await factsOf(await podOf(kubernetes, "job-name=run-1")), soon());
    expect(facts.owner).toMatchObject({ kind: "CronJob", name: "run" });
    expect(await cluster.ownerState(facts.owner, soon())).toBe("present");
  }, 30_000);

  test("may ask for every kind of owner", async () => {
    const kinds = [
      "Pod",
      "ReplicationController",
      "ReplicaSet",
      "Deployment",
      "StatefulSet",
      "DaemonSet",
      "Job",
      "CronJob",
    ];
    for (const kind of kinds) {
      expect(await cluster.ownerState({ kind, namespace: "default", name: "no-such" }, soon())).toBe("gone");
    }
  });

  test("follows a launcher to its virtual machine, and sees it migrate", async () => {
    expect(
      await cluster.ownerState({ kind: "VirtualMachine", namespace: "default", name: "vm" }, soon()),
    ).toBe("unknown");
    await kubernetes.apply(...kubeVirtKinds());
    await kubernetes.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=20s");
    const uidOf = (of: string) => kubernetes.kubectl("get", of, "-o", "jsonpath={.metadata.uid}");
    const kubeVirt = (kind: string, name: string, rest: object = {}) =>
      kubernetes.apply({
        apiVersion: "kubevirt.io/v1",
        kind,
        metadata: { name, namespace: "default" },
        ...rest,
      });
    const reference = (kind: string, uid: string) => [
      { apiVersion: "kubevirt.io/v1", kind, name: "vm", uid, controller: true },
    ];
    await kubeVirt("VirtualMachine", "vm");
    const ownerReferences = reference("VirtualMachine", await uidOf("virtualmachine/vm"));
    const metadata = { name: "vm", namespace: "default", ownerReferences };
    await kubeVirt("VirtualMachineInstance", "vm", { metadata });
    const instance = await uidOf("virtualmachineinstance/vm");
    const launched = { ownerReferences: reference("VirtualMachineInstance", instance) };
    await kubernetes.apply(pod({ name: "source", ...launched }));
    const annotations = { "kubevirt.io/migrationJobName": "move" };
    await kubernetes.apply(pod({ name: "target", annotations, ...launched }));

    const owner = {
      kind: "VirtualMachine",
      namespace: "default",
      name: "vm",
      uid: ownerReferences[0]?.uid ?? "",
    };
    expect(await cluster.ownerOf(await factsOf("source"), soon())).toEqual({ owner });
    expect(await cluster.ownerOf(await factsOf("target"), soon())).toEqual({ owner });
    await kubeVirt("VirtualMachineInstanceMigration", "move", {
      spec: { vmiName: "vm" },
      status: { phase: "Scheduling" },
    });
    expect(await cluster.ownerOf(await factsOf("source"), soon())).toEqual({ owner });
    expect(await cluster.ownerOf(await factsOf("target"), soon())).toEqual({
      owner,
      migratingInstance: instance,
    });
    await kubeVirt("VirtualMachineInstance", "vm", {
      metadata,
      status: { migrationState: { targetPod: "target" } },
    });
    expect(await cluster.ownerOf(await factsOf("source"), soon())).toEqual({
      owner,
      migratingInstance: instance,
    });
  }, 60_000);

  test("may do nothing else", async () => {
    const mine = ["--as=system:serviceaccount:kube-system:kube-ipam"];
    const may = async (...what: string[]) =>
      (await kubernetes.tryKubectl("auth", "can-i", ...what, ...mine)).stdout.trim();
    expect(await may("get", "pods", "-A")).toBe("yes");
    for (const verb of ["list", "watch", "create", "update", "patch", "delete"])
      expect(await may(verb, "pods", "-A")).toBe("no");
    for (const resource of ["secrets", "configmaps", "serviceaccounts"])
      expect(await may("get", resource, "-A")).toBe("no");
    expect(await may("get", "namespace/kube-system")).toBe("yes");
    expect(await may("get", "namespace/default")).toBe("no");
  }, 60_000);

  test("names the rule that is missing", async () => {
    const stranger = await kubernetes.kubectl("-n", "default", "create", "token", "default");
    const asStranger = lazyCluster({ kubeConfig: kubernetes.kubeConfig({ token: stranger.trim() }) });
    expect(await failureOf(asStranger.pod({ namespace: "default", name: "life" }, soon()))).toBe(
      '104 Kubernetes does not allow this account to get pods in namespace default; pods "life" is forbidden: User ' +
        '"system:serviceaccount:default:default" cannot get resource "pods" in API group "" in the namespace "default"; bind a ' +
        'ClusterRole with the rule {apiGroups: [""], resources: ["pods"], verbs: ["get"]}: deploy/rbac/plugin.yaml has all that ' +
        "kube-ipam needs",
    );
    expect(await failureOf(asStranger.node("n1", soon()))).toStartWith(
      "104 Kubernetes does not allow this account to get nodes in the cluster; ",
    );
  });

  describe("credentials", () => {
    const ask = async (user: object, cluster?: object) => {
      const asked = lazyCluster({ kubeConfig: kubernetes.kubeConfig(user, cluster) });
      const node = await asked.node("no-such-node", soon());
      return node === undefined ? "answered" : node.name;
    };

    test("client certificates", async () => {
      const { certFile, keyFile } = await kubernetes.authority.issue({ name: "node-plugin" });
      const files = { "client-certificate": certFile, "client-key": keyFile };
      expect(await failureOf(ask(files))).toContain('User "node-plugin" cannot get resource "nodes"');
      await kubernetes.kubectl(
        "create",
        "clusterrolebinding",
        "node-plugin",
        "--clusterrole=kube-ipam",
        "--user=node-plugin",
      );
      expect(await ask(files)).toBeString();
      const data = {
        "client-certificate-data": Buffer.from(await Bun.file(certFile).text()).toString("base64"),
        "client-key-data": Buffer.from(await Bun.file(keyFile).text()).toString("base64"),
      };
      expect(await ask(data)).toBeString();
    });

    test("without the right to kube-system the cluster has a name all the same", async () => {
      const { certFile, keyFile } = await kubernetes.authority.issue({ name: "rightless" });
      const files = { "client-certificate": certFile, "client-key": keyFile };
      const nameless = lazyCluster({ kubeConfig: kubernetes.kubeConfig(files) });
      expect(isSubstitute((await nameless.clusterNames(soon())).name)).toBe(true);
    });

    test("a token file", async () => {
      writeFileSync(kubernetes.folder.file("plugin-token"), `${token}\n`);
      expect(await ask({ tokenFile: "plugin-token" })).toBeString();
    });

    test("an exec plugin", async () => {
      const credential = {
        apiVersion: "client.authentication.k8s.io/v1",
        kind: "ExecCredential",
        status: { token },
      };
      writeFileSync(kubernetes.folder.file("plugin.sh"), `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`);
      chmodSync(kubernetes.folder.file("plugin.sh"), 0o755);
      expect(
        await ask({
          exec: { apiVersion: credential.apiVersion, command: "./plugin.sh", interactiveMode: "Never" },
        }),
      ).toBeString();
    });

    test("a token that is wrong is error 104", async () => {
      expect(await failureOf(ask({ token: "wrong" }))).toMatch(
        /^104 the API server at .* does not accept the credentials in .* \(401\); /,
      );
    });

    test("a certificate of another authority, or expired, is error 104", async () => {
      const other = await makeAuthority(kubernetes.folder.path, "other");
      const issued = await other.issue({ name: "stranger" });
      const expired = await kubernetes.authority.issue({ name: "late", fromDay: -2, untilDay: -1 });
      for (const { certFile, keyFile } of [issued, expired]) {
        expect(await failureOf(ask({ "client-certificate": certFile, "client-key": keyFile }))).toStartWith(
          "104 ",
        );
      }
    });

    test("an API server of another authority is error 104 and never sees the token", async () => {
      const other = await makeAuthority(kubernetes.folder.path, "another");
      expect(await failureOf(ask({ token }, { "certificate-authority": other.caFile }))).toMatch(
        /^104 the API server's certificate at https:\/\/127\.0\.0\.1:\d+ is not trusted: /,
      );
    });

    test("an API server of another name is error 104; tls-server-name says which is meant", async () => {
      const server = kubernetes.server.replace("127.0.0.1", "127.0.0.2");
      const named = { server: kubernetes.server, "tls-server-name": "kubernetes" };
      expect(await ask({ token }, named)).toBeString();
      expect(await failureOf(ask({ token }, { ...named, "tls-server-name": "elsewhere" }))).toStartWith(
        "104 ",
      );
      expect(await failureOf(ask({ token }, { server }))).toStartWith("11 ");
    });
  });

  describe("BOUNDED", () => {
    test("a frozen API server costs no more than the deadline, a dead one nothing", async () => {
      kubernetes.apiServer.freeze();
      try {
        expect(await failureOf(cluster.node("n1", performance.now() + 700))).toMatch(
          /^11 the API server at .* gave no answer in time; /,
        );
      } finally {
        kubernetes.apiServer.thaw();
      }
      expect(await cluster.node("n1", soon())).toBeDefined();
      await kubernetes.apiServer.stop();
      expect(await failureOf(cluster.node("n1", soon()))).toMatch(
        /^11 the API server at .* cannot be reached: /,
      );
      await kubernetes.apiServer.start();
      expect(await cluster.node("n1", soon())).toBeDefined();
    }, 90_000);
  });
});
