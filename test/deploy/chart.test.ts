import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { parseNodeConfiguration } from "../../src/config/parse/parse-node-configuration.ts";
import { CHART, HELM_FOLDER, helm, render } from "../kit/helm.ts";
import { run } from "../kit/run.ts";

/** The Helm chart by itself; what the API server says about it is in manifests.test.ts. */

interface Rendered {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly data?: Readonly<Record<string, string>>;
}

async function objects(...args: string[]): Promise<Rendered[]> {
  return documents(await render(...args));
}

function documents(text: string): Rendered[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Rendered | null)
    .filter((object) => object !== null);
}

test("helm lint has nothing to say", async () => {
  const linted = await helm("lint", "--strict", CHART);
  expect(`${linted.exitCode} ${linted.stdout}`).toContain("0 1 chart(s) linted, 0 chart(s) failed".slice(2));
  expect(linted.exitCode).toBe(0);
});

test("deploy/manifests is what the chart renders", async () => {
  const script = join(import.meta.dir, "../../scripts/manifests.sh");
  const checked = await run([script, "--check"], { env: { KUBE_IPAM_HELM: HELM_FOLDER } });
  expect(checked).toMatchObject({ exitCode: 0, stdout: "", stderr: "" });
});

test("every file of deploy/rbac goes with the chart, where it is wanted", async () => {
  const all = await objects("--set=rbac.operator=true");
  const rendered = new Set(all.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  const files = readdirSync(join(CHART, "rbac"));
  const shipped = files.flatMap((file) => documents(readFileSync(join(CHART, "rbac", file), "utf8")));
  // Helm makes the namespace, or whoever applies deploy/manifests; each file can be applied alone.
  const namespaces = shipped.filter(({ kind }) => kind === "Namespace");
  expect(namespaces).toEqual([namespaces[0], namespaces[0]] as Rendered[]);
  for (const { kind, metadata } of shipped.filter((each) => each.kind !== "Namespace"))
    expect(rendered).toContain(`${kind} ${metadata.name}`);
  const least = await objects("--set=config.nodeLocal=true");
  expect(least.filter(({ kind }) => kind === "ServiceAccount").map(({ metadata }) => metadata.name)).toEqual([
    "kube-ipam",
    "kube-ipam-agent",
  ]);
});

test("K130: Kubernetes' own roles only read addresses, unless the values say otherwise", async () => {
  const added = async (...args: string[]) => {
    const roles = await objects(...args, ...(NODE_FILES.etcd ?? []));
    return roles.flatMap(({ metadata: { labels = {}, name } }) =>
      Object.keys(labels)
        .flatMap((label) => /aggregate-to-(.*)/.exec(label)?.[1] ?? [])
        .map((to) => `${name} to ${to}`),
    );
  };
  expect(await added()).toEqual(["kube-ipam-view to view"]);
  expect(await added("--set=rbac.tenants=true")).toEqual([
    "kube-ipam-view to view",
    "kube-ipam-edit to edit",
    "kube-ipam-admin to admin",
  ]);
});

test("every object lies in the release's namespace", async () => {
  const text = await render("--namespace=elsewhere");
  expect(text).not.toContain("namespace: kube-system");
});

test("K149: no pod has a token that lives for longer than an hour, and metrics are the node's own", async () => {
  const text = await render("--set=cleanup=true", ...(NODE_FILES.etcd ?? []));
  const pods = documents(text).filter(({ kind }) =>
    ["DaemonSet", "Deployment"].includes(kind),
  ) as unknown as Workload[];
  expect(pods.map(({ metadata }) => metadata.name).sort()).toEqual([
    "kube-ipam-agent",
    "kube-ipam-cleanup",
    "kube-ipam-controller",
  ]);
  for (const { spec } of pods) {
    const { automountServiceAccountToken, containers, volumes } = spec.template.spec;
    expect(automountServiceAccountToken).toBe(false);
    // Of kubelet's own 3607 seconds the API server makes a year.
    for (const { projected } of volumes)
      for (const { serviceAccountToken } of projected?.sources ?? [])
        expect([undefined, 3600]).toContain(serviceAccountToken?.expirationSeconds);
    const listening = containers.flatMap(({ args = [] }) =>
      args.filter((arg) => arg.startsWith("--listen=")),
    );
    for (const arg of listening) expect(arg).toStartWith("--listen=127.0.0.1:");
  }
});

interface Workload extends Rendered {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly automountServiceAccountToken?: boolean;
        readonly containers: readonly { readonly args?: readonly string[] }[];
        readonly volumes: readonly {
          readonly projected?: {
            readonly sources: readonly {
              readonly serviceAccountToken?: { readonly expirationSeconds: number };
            }[];
          };
        }[];
      };
    };
  };
}

test("K149: who may ask for admission is a file of the controller where a ConfigMap is named, and else nothing", async () => {
  const args = NODE_FILES.etcd ?? [];
  expect(await render(...args)).not.toContain("admission-client-ca");
  const text = await render("--set=controller.admissionClientCa=webhook-clients", ...args);
  expect(text).toContain("- --admission-client-ca=/admission-client-ca/ca.crt");
  expect(text).toContain("configMap: {name: webhook-clients,");
});

const NODE_FILES: Readonly<Record<string, readonly string[]>> = {
  "Kubernetes' own API": [],
  "Kubernetes' own API, and no credential on the node": ["--set=fallback=none"],
  "the embedded store": ["--set=config.nodeLocal=true"],
  etcd: ["--set=etcd.secret=kube-ipam-etcd", '--set-json=etcd.endpoints=["https://192.168.1.11:2379"]'],
  "etcd, and no credential on the node": [
    "--set=fallback=none",
    "--set=etcd.secret=kube-ipam-etcd",
    '--set-json=etcd.endpoints=["https://192.168.1.11:2379"]',
  ],
  pools: ['--set-json=config.pools={"db":{"subnets":["10.1.2.0/24"],"namespaces":["db"]}}'],
};

const KINDS = [
  ["etcd", "etcd"],
  ["the embedded", "embedded"],
] as const;

describe("the node's file", () => {
  for (const [title, args] of Object.entries(NODE_FILES)) {
    test(`our own parser takes it: ${title}`, async () => {
      const map = (await objects(...args)).find(({ metadata }) => metadata.name === "kube-ipam-node");
      const text = map?.data?.["config.json"] ?? "";
      const { node, store, kubernetes, warnings } = parseNodeConfiguration({ path: "config.json", text });
      expect(warnings).toEqual([]);
      expect(node).toMatchObject({ dataDir: "/var/lib/kube-ipam", runDir: "/run/kube-ipam" });
      expect(store.kind).toBe(KINDS.find(([start]) => title.startsWith(start))?.[1] ?? "kubernetes");
      expect(kubernetes.kubeConfig).toBe(
        args.includes("--set=fallback=none") ? undefined : "/etc/kube-ipam/kubeconfig",
      );
    });
  }

  test("with fallback none nothing is written to the node but the plugin", async () => {
    const text = await render(...(NODE_FILES["etcd, and no credential on the node"] ?? []));
    expect(text).toContain("--no-fallback");
    expect(text).not.toContain("--host-");
    expect(text).toContain("name: etcd, mountPath: /etc/kube-ipam/etcd, readOnly: true");
  });
});

test("K267: rights over the store's records, and what bounds them, are there where that is the store", async () => {
  const named = async (...args: string[]) =>
    (await objects(...args)).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  const chosen = ["ClusterRole kube-ipam-store-node", "ValidatingAdmissionPolicy kube-ipam-store-nodes"];
  expect(await named()).toEqual(expect.arrayContaining([...chosen, "Deployment kube-ipam-controller"]));
  for (const kind of ["etcd", "the embedded store"]) {
    const others = await named(...(NODE_FILES[kind] ?? []));
    expect(others.filter((each) => chosen.includes(each))).toEqual([]);
    // Who moves to it or from it has them for that time, and finds its definitions there.
    const moving = await named("--set=rbac.store=true", ...(NODE_FILES[kind] ?? []));
    expect(moving).toEqual(expect.arrayContaining(chosen));
    expect(others).toContain("CustomResourceDefinition addressrecords.store.kube-ipam.io");
  }
});

test("kube-ipam has seats of its own at the API server, unless the values say otherwise", async () => {
  const own = async (...args: string[]) =>
    (await objects(...args)).filter(({ kind }) => kind === "FlowSchema").length;
  expect([await own(), await own("--set=flowControl.enabled=false")]).toEqual([1, 0]);
});

const WRONG: Readonly<Record<string, readonly [string, string]>> = {
  "a key that there is not": ["--set=fallbck=none", "fallbck"],
  "a fallback that there is not": ["--set=fallback=some", "/fallback"],
  "a relative folder": ["--set=paths.bin=opt/cni/bin", "/paths/bin"],
  "a folder that ends with a slash": ["--set=paths.bin=/opt/cni/bin/", "/paths/bin"],
  "an endpoint without a scheme": ['--set-json=etcd.endpoints=["10.0.0.1:2379"]', "/etcd/endpoints/0"],
  "a key of the node's file that the chart sets": ["--set=config.runDir=/x", "runDir"],
  "a network file that no runtime reads": ["--set=network.fileName=net.txt", "/network/fileName"],
  "an address without a port": ["--set=agent.listen=127.0.0.1", "/agent/listen"],
  "another folder for the node's file where the plugin must find it": ["--set=paths.etc=/x", "/paths/etc"],
  "etcd's Secret without its endpoints": ["--set=etcd.secret=kube-ipam-etcd", "name the endpoints"],
  "a server with a path": ["--set=apiServer.host=https://a", "/apiServer/host"],
};

describe("the schema refuses", () => {
  for (const [title, [arg, named]] of Object.entries(WRONG)) {
    test(title, async () => {
      const finished = await helm("template", "kube-ipam", CHART, arg);
      expect(finished.exitCode).not.toBe(0);
      expect(finished.stderr).toContain(named);
    });
  }
});
