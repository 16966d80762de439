import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { NetworkConfiguration } from "../../src/config/network-configuration.ts";
import { parseNetworkConfiguration } from "../../src/config/parse/parse-network-configuration.ts";
import type { NodeFileText } from "../../src/config/settings/node-file.ts";
import { readAnnotations } from "../../src/ipam/wish/annotations.ts";
import { CHART, render } from "../kit/helm.ts";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { customResource, kubeVirtKinds, pod } from "../kit/kubernetes-objects.ts";
import { installPools } from "../kit/pool-resources.ts";
import { eventually } from "../kit/wait.ts";

/** Every file of deploy/examples: applied to a real API server, and read by our own parsers. */

const EXAMPLES = join(CHART, "../examples");
const FILES = readdirSync(EXAMPLES).filter((name) => name.endsWith(".yaml"));
const MANIFESTS = FILES.filter((name) => !name.endsWith(".values.yaml"));
const VALUES = FILES.filter((name) => name.endsWith(".values.yaml"));

interface Example {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly config?: string;
    readonly template?: { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } };
  };
}

function objectsIn(text: string): Example[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Example | null)
    .filter((object) => object !== null);
}

/** The node's file as the chart makes it, with the pool that bridge.yaml asks for. */
async function nodeFile(...args: string[]): Promise<{ path: string; text: string }> {
  const map = objectsIn(await render(...args)).find(({ metadata }) => metadata.name === "kube-ipam-node");
  const { data } = map as unknown as { data: Record<string, string> };
  return { path: "/etc/kube-ipam/config.json", text: data["config.json"] ?? "" };
}

const POOL = '--set-json=config.pools={"on-node":{"subnets":["10.190.0.0/24"],"addressSpace":"on-node"}}';

test("the README names every example, and no other", () => {
  const named = readFileSync(join(EXAMPLES, "README.md"), "utf8").matchAll(/\]\(([^)]+)\)/g);
  expect([...named].map(([, name]) => name ?? "").sort()).toEqual(FILES.sort());
});

for (const name of MANIFESTS) {
  const objects = objectsIn(readFileSync(join(EXAMPLES, name), "utf8"));

  test(`${name}: our own parser takes its networks, and each pod has what it asks for`, async () => {
    const pools = objects.filter(({ kind }) => kind === "Pool");
    const clusterPools = {
      objects: pools.map(({ metadata, spec }) => ({ name: metadata.name, created: "", spec })),
    };
    const file = { ...(await nodeFile(POOL)), clusterPools };
    const networks = objects.flatMap(({ spec }) =>
      spec?.config === undefined ? [] : [parse(spec.config, file)],
    );
    expect(networks.length).toBeGreaterThan(0);
    for (const { warnings } of networks) expect(warnings).toEqual([]);
    for (const annotations of objects.flatMap(annotationsOf)) {
      const keys = Object.keys(annotations).filter((key) => key.startsWith("kube-ipam."));
      const wishes = networks.map(({ network }) => readAnnotations(annotations, { network, ifname: "net1" }));
      const wished = wishes.filter(
        ({ fixed, set, sticky }) => fixed.length > 0 || set !== undefined || sticky,
      );
      expect(`${keys}: ${wished.length}`).toBe(`${keys}: ${keys.length}`);
    }
  });
}

for (const name of VALUES) {
  test(`${name}: our own parser takes the node's file and the network`, async () => {
    const values = `--values=${join(EXAMPLES, name)}`;
    const map = objectsIn(await render(values)).find(({ metadata }) => metadata.name === "kube-ipam-node");
    const { data } = map as unknown as { data: Record<string, string> };
    const file = { path: "/etc/kube-ipam/config.json", text: data["config.json"] ?? "" };
    const list = Object.entries(data).find(([key]) => key !== "config.json");
    const given = list === undefined ? ANY_NETWORK : firstOf(list[1]);
    expect(parse(given, file).warnings).toEqual([]);
  });
}

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`applying the examples: ${missing}`, () => {});

describe.skipIf(missing !== undefined)("a real API server takes, and no policy objects to", () => {
  let kubernetes: Kubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes({ controllers: true });
    await kubernetes.apply(
      customResource("k8s.cni.cncf.io", "NetworkAttachmentDefinition", "v1"),
      ...kubeVirtKinds(),
    );
    await installPools(kubernetes);
    await kubernetes.kubectl("wait", "crd", "--all", "--for=condition=Established", "--timeout=30s");
    await kubernetes.kubectl("apply", "-f", join(EXAMPLES, "../admission/policies.yaml"));
    // Policies take a moment before they judge.
    const wrong = pod({ name: "wrong", annotations: { "kube-ipam.ip": "no address" } });
    await Bun.write(kubernetes.folder.file("wrong.json"), JSON.stringify(wrong));
    await eventually(async () => {
      const { exitCode } = await kubernetes.tryKubectl("create", "-f", kubernetes.folder.file("wrong.json"));
      return exitCode === 0 ? void (await kubernetes.kubectl("delete", "pod", "wrong", "--now")) : true;
    }, 60_000);
  }, 120_000);
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

  for (const name of MANIFESTS) {
    test(name, async () => {
      const path = join(EXAMPLES, name);
      const applied = await kubernetes.tryKubectl("apply", "--server-side", "--validate=strict", "-f", path);
      expect(`${applied.exitCode} ${applied.stderr}`).toBe("0 ");
      expect(applied.stdout).toContain("networkattachmentdefinition.k8s.cni.cncf.io/");
    });
  }
});

const ANY_NETWORK = JSON.stringify({
  cniVersion: "1.0.0",
  name: "n",
  type: "macvlan",
  ipam: { type: "kube-ipam", subnet: "10.188.0.0/16" },
});

function parse(stdin: string, file: NodeFileText): NetworkConfiguration {
  return parseNetworkConfiguration({ stdin, nodeFile: file, purpose: "add" });
}

/** The first plugin of a list, with what libcni adds to it. */
function firstOf(list: string): string {
  const { name, cniVersion, plugins } = JSON.parse(list) as {
    name: string;
    cniVersion: string;
    plugins: readonly object[];
  };
  return JSON.stringify({ ...plugins[0], name, cniVersion });
}

function annotationsOf({ kind, metadata, spec }: Example): Readonly<Record<string, string>>[] {
  const annotations = kind === "Pod" ? metadata.annotations : spec?.template?.metadata?.annotations;
  return annotations === undefined ? [] : [annotations];
}
