import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { type Daemon, startDaemon } from "../kit/daemon.ts";
import { type Folder, temporaryFolder } from "../kit/folder.ts";
import { render } from "../kit/helm.ts";
import { type Kubernetes, PROGRAMS, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { type Finished, run } from "../kit/run.ts";
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
    kubernetes = await startKubernetes();
    folder = temporaryFolder("credentials");
    writeFileSync(folder.file("chart.yaml"), await render());
    await kubernetes.kubectl("apply", "--server-side", "-f", folder.file("chart.yaml"));
    await kubernetes.apply({ apiVersion: "v1", kind: "Node", metadata: { name: NODE } });
    agent = await startAgent(kubernetes, folder);
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

  const as = (kubeconfig: string, ...command: string[]): Promise<Finished> =>
    run([`${PROGRAMS}/kubectl`, `--kubeconfig=${kubeconfig}`, ...command], { env: { HOME: folder.path } });
});

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
      KUBE_IPAM_CONFIG: folder.file("none.json"),
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
