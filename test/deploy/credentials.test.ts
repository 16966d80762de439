import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { invoke, refused } from "../kit/cni.ts";
import { type Daemon, startDaemon } from "../kit/daemon.ts";
import { type Folder, temporaryFolder } from "../kit/folder.ts";
import { render } from "../kit/helm.ts";
import { type Kubernetes, PROGRAMS, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { pod } from "../kit/kubernetes-objects.ts";
import { askedBy, rightOf, rightsOf } from "../kit/rights.ts";
import { type Finished, run } from "../kit/run.ts";
import { shimExecutable } from "../kit/subject-agent.ts";
import { kubeIpamExecutable } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";

/** What the agent keeps on the host for the plugin, as a pod of the DaemonSet does. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`credentials on the host: ${missing}`, () => {});

const NODE = "worker-1";
const MOUNTED = "/run/secrets/kubernetes.io/serviceaccount";

describe.skipIf(missing !== undefined)("the agent's credentials on the host", () => {
  let kubernetes: Kubernetes;
  let folder: Folder;
  let agent: Daemon;

  beforeAll(async () => {
    kubernetes = await startKubernetes({ auditLog: "audit.log" });
    folder = temporaryFolder("credentials");
    writeFileSync(folder.file("chart.yaml"), await render());
    await kubernetes.kubectl("apply", "--server-side", "-f", folder.file("chart.yaml"));
    await kubernetes.apply({ apiVersion: "v1", kind: "Node", metadata: { name: NODE } });
    agent = await startAgent(kubernetes, folder);
    await kubernetes.apply({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "default" },
    });
  }, 120_000);
  afterAll(async () => {
    await agent?.stop();
    folder?.[Symbol.dispose]();
    await kubernetes?.[Symbol.asyncDispose]();
  });

  test("its kubeconfig is root's alone, and lets the plugin read pods and nothing of value", async () => {
    const path = folder.file("etc", "kubeconfig");
    await eventually(
      async () => statSync(path, { throwIfNoEntry: false }) !== undefined || undefined,
      30_000,
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await as(path, "get", "pods", "p", "-n", "default", "--ignore-not-found")).exitCode).toBe(0);
    for (const forbidden of [
      ["get", "secrets", "-A"],
      ["get", "pods", "-A"],
      ["delete", "node", NODE],
    ]) {
      const refused = await as(path, ...forbidden);
      expect(`${forbidden.join(" ")}: ${refused.exitCode} ${refused.stderr}`).toContain("Forbidden");
    }
  });

  test("the token ends with its time or its Node, not with the agent's pod", () => {
    const { exp, iat, "kubernetes.io": bound } = claims(folder.file("etc", "kubeconfig"));
    expect(exp - iat).toBe(24 * 3600);
    expect(bound.node?.name).toBe(NODE);
    expect(bound.pod).toBeUndefined();
  });

  test("a Secret that is renewed is renewed on the host", async () => {
    const copied = (name: string) => readFileSync(folder.file("etc", "etcd", name), "utf8");
    expect(copied("tls.key")).toBe("first");
    expect(statSync(folder.file("etc", "etcd", "tls.key")).mode & 0o777).toBe(0o600);
    writeFileSync(folder.file("secret", "tls.key"), "second");
    await eventually(async () => copied("tls.key") === "second" || undefined, 60_000);
  }, 90_000);

  test("the agent goes by its own account, and uses every right of it until it ends", async () => {
    const { request } = kubernetes;
    await request(
      "POST",
      "/api/v1/namespaces/default/pods",
      pod({ name: "p", node: NODE, annotations: OUTSIDE }),
    );
    const { metadata } = await request<{ metadata: { uid: string } }>(
      "GET",
      "/api/v1/namespaces/default/pods/p",
    );
    const refusal = refused(await addThroughShim(folder, metadata.uid));
    expect(refusal.msg).toContain("10.9.9.9");
    const agents = rightsOf(join(RBAC, "agent.yaml"));
    const asked = () => askedBy(kubernetes, `${ACCOUNTS}kube-ipam-agent`);
    const used = () => new Set(asked().map(({ objectRef, verb }) => rightOf(verb, objectRef)));
    // The Event comes after the answer, and the audit log tells of a watch when that ends.
    await eventually(async () => used().has("create events.") || undefined, 60_000);
    await agent.stop(30_000);
    await eventually(async () => agents.every((right) => used().has(right)) || undefined, 60_000);
    expect(asked().filter(({ responseStatus }) => responseStatus.code === 403)).toEqual([]);
    const allowed = [...agents, ...rightsOf(join(RBAC, "plugin.yaml"))];
    expect([...used()].filter((right) => !allowed.includes(right))).toEqual([]);
  }, 90_000);

  test("K148: its account asks for no token that lives longer, nor for another Node's", async () => {
    const { kubectl, kubeConfig } = kubernetes;
    await kubernetes.apply(
      { apiVersion: "v1", kind: "Node", metadata: { name: "worker-2" } },
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "agent", namespace: "kube-system" },
        spec: {
          nodeName: NODE,
          serviceAccountName: "kube-ipam-agent",
          containers: [{ name: "agent", image: "localhost/none:1" }],
        },
      },
    );
    const own = ["--bound-object-kind=Pod", "--bound-object-name=agent"];
    const token = await kubectl("-n", "kube-system", "create", "token", "kube-ipam-agent", ...own);
    const asking = kubeConfig({ token: token.trim() });
    const asked = async (account: string, node: string | undefined, hours: number) => {
      const bound = node === undefined ? [] : ["--bound-object-kind=Node", `--bound-object-name=${node}`];
      const wish = ["-n", "kube-system", "create", "token", account, `--duration=${hours}h`, ...bound];
      const { exitCode, stderr } = await as(asking, ...wish);
      return exitCode === 0 ? "given" : stderr;
    };
    expect(await asked("kube-ipam", NODE, 24)).toBe("given");
    expect(await asked("kube-ipam", NODE, 25)).toContain("up to 24 hours");
    expect(await asked("kube-ipam", "worker-2", 24)).toContain("its own Node");
    expect(await asked("kube-ipam", undefined, 24)).toContain("its own Node");
    expect(await asked("kube-ipam-agent", NODE, 24)).toContain("forbidden");
  }, 60_000);

  const as = (kubeconfig: string, ...command: string[]): Promise<Finished> =>
    run([`${PROGRAMS}/kubectl`, `--kubeconfig=${kubeconfig}`, ...command], { env: { HOME: folder.path } });
});

const RBAC = join(import.meta.dir, "../../deploy/rbac");
const ACCOUNTS = "system:serviceaccount:kube-system:";
/** Of an address that the network does not have. */
const OUTSIDE = { "kube-ipam.ip/net1": "10.9.9.9" };

function addThroughShim(folder: Folder, uid: string): Promise<Finished> {
  const ipam = { type: "kube-ipam", subnet: "10.1.2.0/24" };
  const pod = `K8S_POD_NAMESPACE=default;K8S_POD_NAME=p;K8S_POD_UID=${uid}`;
  return invoke(
    shimExecutable(),
    "ADD",
    { container: "c", netns: "/proc/self/ns/net", ifname: "eth0", args: `IgnoreUnknown=1;${pod}` },
    { cniVersion: "1.0.0", name: "net1", type: "macvlan", ipam },
    { env: { KUBE_IPAM_AGENT_SOCKET: folder.file("agent.sock"), KUBE_IPAM_FALLBACK: "none" } },
  );
}

/** In a mount namespace of its own, in which a service account is mounted as kubelet does it. */
async function startAgent(kubernetes: Kubernetes, folder: Folder): Promise<Daemon> {
  const token = await kubernetes.kubectl("-n", "kube-system", "create", "token", "kube-ipam-agent");
  mkdirSync(folder.file("account"));
  writeFileSync(folder.file("account", "token"), token.trim());
  writeFileSync(folder.file("account", "namespace"), "kube-system");
  writeFileSync(folder.file("account", "ca.crt"), readFileSync(kubernetes.authority.caFile));
  mkdirSync(folder.file("secret"));
  writeFileSync(folder.file("secret", "tls.key"), "first");
  const script = `mount -t tmpfs none /run && mkdir -p ${MOUNTED} && cp "$0"/* ${MOUNTED} && exec "$@"`;
  const nodeFile = {
    dataDir: folder.file("data"),
    runDir: folder.file("run"),
    logFile: folder.file("log"),
    kubeConfig: folder.file("etc", "kubeconfig"),
    nodeLocal: true,
  };
  writeFileSync(folder.file("node.json"), JSON.stringify(nodeFile));
  const { hostname, port } = new URL(kubernetes.server);
  const agentCommand = [
    ...[kubeIpamExecutable(), "agent", "--socket", folder.file("agent.sock")],
    ...["--host-kubeconfig", folder.file("etc", "kubeconfig")],
    ...["--host-etcd", `${folder.file("secret")}:${folder.file("etc", "etcd")}`],
  ];
  return startDaemon(
    "agent",
    [
      "unshare",
      "--mount",
      "--propagation",
      "private",
      "sh",
      "-c",
      script,
      folder.file("account"),
      ...agentCommand,
    ],
    folder,
    {
      PATH: process.env.PATH ?? "",
      NODE_NAME: NODE,
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      KUBE_IPAM_CONFIG: folder.file("node.json"),
    },
  );
}

interface Claims {
  readonly exp: number;
  readonly iat: number;
  readonly "kubernetes.io": { readonly node?: { readonly name: string }; readonly pod?: object };
}

function claims(kubeconfig: string): Claims {
  const document = JSON.parse(readFileSync(kubeconfig, "utf8"));
  const [, payload = ""] = String(document.users[0].user.token).split(".");
  return JSON.parse(Buffer.from(payload, "base64url").toString());
}
