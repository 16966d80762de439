import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { judgeAlone } from "../../src/controller/admission/judge.ts";
import { readWorkload } from "../../src/controller/admission/workload.ts";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { kubeVirtKinds, pod, workload } from "../kit/kubernetes-objects.ts";
import type { Finished } from "../kit/run.ts";
import { eventually } from "../kit/wait.ts";

/**
 * The ValidatingAdmissionPolicies of deploy/admission, on a real API server with no webhook: what
 * `kubectl apply` says. Each case is judged by the plugin's own parser too, so that the grammar in CEL
 * is never stricter than the one that counts.
 */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`admission policies: ${missing}`, () => {});

const EXAMPLES = join(import.meta.dir, "../../deploy/examples");
const POLICIES = join(import.meta.dir, "../../deploy/admission/policies.yaml");

type Values = Readonly<Record<string, string>>;

/** Annotations that both refuse, with the policy's words. */
const MALFORMED: readonly (readonly [string, Values])[] = [
  ["expected an IP address such as 10.1.2.5", { ip: "10.1.2.300" }],
  ["expected an IP address such as 10.1.2.5", { ip: "10.1.2.5;10.1.2.6" }],
  ["expected an IP address such as 10.1.2.5", { ip: "010.1.2.5" }],
  ["expected an IP address such as 10.1.2.5", { "ip/net1": "fd00::1::2" }],
  ["expected an IP address such as 10.1.2.5", { ip: "10.1.2.5/24/1" }],
  ["expected an IP address such as 10.1.2.5", { ip: "10.1.2.5," }],
  ["expected a netmask such as 255.255.0.0", { ip: "10.1.2.5", netmask: "255.0.255.0" }],
  ["expected a netmask such as 255.255.0.0", { ip: "10.1.2.5", netmask: "255.255" }],
  ["expected a netmask such as 255.255.0.0", { ip: "10.1.2.5", netmask: "wide" }],
  ["expected an IP address, for each address of kube-ipam.ip", { ip: "10.1.2.5", gateway: "router" }],
  ["give that too", { gateway: "10.1.2.1" }],
  ["give that too", { "netmask/net1": "16", "ip/net2": "10.1.2.5" }],
  ['expected "true" or "false"', { sticky: "yes" }],
  ['expected "delete", "keep", or a time', { ip: "10.1.2.5", retain: "two weeks" }],
  ["expected addresses and ranges with the lower end first", { ips: "10.1.2.5-10.1.2.9-10.1.2.12" }],
  ["expected addresses and ranges with the lower end first", { ips: "10.1.2.5..9" }],
  ["kube-ipam knows no annotation kube-ipam.adress", { adress: "10.1.2.5" }],
  ["kube-ipam knows no annotation kube-ipam.io/ip", { "io/ip": "10.1.2.5" }],
];

const RIGHT: readonly Values[] = [
  { ip: "10.1.2.5" },
  { ip: " 10.1.2.5 , fd00::5 " },
  { ip: "10.1.2.5/16", gateway: "10.1.0.1" },
  { ip: "10.1.2.5", netmask: "255.255.0.0", gateway: "10.1.0.1" },
  { ip: "10.1.2.5", netmask: "/16" },
  { ip: "10.1.2.5", netmask: "016" },
  { ip: "10.1.2.5", netmask: "128.0.0.0" },
  { ip: "::ffff:10.1.2.5" },
  { ip: "0:0:0:0:0:FFFF:10.1.2.5" },
  { ip: "", sticky: "", retain: " " },
  { "ip/net1": "10.1.2.5", "gateway/net1": "10.1.2.1" },
  { sticky: "true", retain: "1d12h" },
  { ips: "10.1.2.5, 10.1.2.7 - 10.1.2.9,fd00::5-fd00::9" },
  { ip: "10.1.2.5", "retain/net1": "1h" },
];

function annotated(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`kube-ipam.${key}`, value]));
}

describe.skipIf(missing !== undefined)("admission policies", () => {
  let kubernetes: Kubernetes;
  let count = 0;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    const account = {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default", namespace: "default" },
    };
    await kubernetes.apply(account);
    await kubernetes.kubectl("apply", "-f", POLICIES);
    // Policies take effect a moment after they are made.
    await eventually(async () =>
      (await applied(deployment({ adress: "x" }))).exitCode === 0 ? undefined : true,
    );
  }, 120_000);
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

  const RECREATE = { strategy: { type: "Recreate" } };

  function deployment(values: Values, rest: object = RECREATE): object {
    return workload("Deployment", "web", rest, annotated(values));
  }

  /** `kubectl apply`, as far as the API server's word; nothing is kept. */
  function applied(object: object, ...more: string[]): Promise<Finished> {
    const path = kubernetes.folder.file(`applied-${count++}.json`);
    writeFileSync(path, JSON.stringify(object));
    return kubernetes.tryKubectl("apply", "--dry-run=server", "-f", path, ...more);
  }

  async function refusalOf(object: object): Promise<string> {
    const { exitCode, stderr } = await applied(object);
    return exitCode === 0 ? `allowed ${stderr}` : stderr;
  }

  /** What the parser, which the plugin uses too, says of the same object. */
  function byParser(object: object) {
    const read = readWorkload("Deployment", "default", object);
    return read === undefined ? [] : judgeAlone(read, []).findings;
  }

  for (const [words, values] of MALFORMED) {
    test(`refused: ${JSON.stringify(values)}`, async () => {
      expect(await refusalOf(deployment(values))).toContain(words);
      expect(byParser(deployment(values))[0]?.severity).toBe("refuse");
    });
  }

  for (const values of RIGHT) {
    test(`allowed: ${JSON.stringify(values)}`, async () => {
      expect(await refusalOf(deployment(values))).toBe("allowed ");
      expect(byParser(deployment(values))).toEqual([]);
    });
  }

  /** A rolling update as written; Kubernetes fills in the rest. */
  const rolling = (replicas: number, rollingUpdate?: object) => ({
    replicas,
    strategy: { type: "RollingUpdate", ...(rollingUpdate && { rollingUpdate }) },
  });

  const NEVER_ENDS: readonly (readonly [object, Values])[] = [
    [rolling(1, { maxUnavailable: 0, maxSurge: 1 }), { ip: "10.1.2.5" }],
    [rolling(1, { maxUnavailable: "0%", maxSurge: 3 }), { "ip/net1": "10.1.2.5" }],
    [rolling(3, { maxUnavailable: 0, maxSurge: 1 }), { ips: "10.1.2.5-10.1.2.7" }],
  ];
  /** Only by rounding: the webhook warns, the policies say nothing. */
  const NEVER_ENDS_BY_ROUNDING: readonly (readonly [object, Values])[] = [
    [rolling(1), { ip: "10.1.2.5" }],
    [rolling(1, { maxUnavailable: "25%", maxSurge: 3 }), { "ip/net1": "10.1.2.5" }],
    [rolling(3), { ips: "fd00::5,fd00::6,fd00::7" }],
  ];
  for (const [spec, values] of NEVER_ENDS_BY_ROUNDING) {
    test(`left to a warning: ${JSON.stringify([spec, values])}`, async () => {
      expect(await refusalOf(deployment(values, spec))).toBe("allowed ");
      const [finding] = byParser(deployment(values, spec));
      expect(finding?.severity).toBe("warn");
      expect(finding?.message).toContain("can never end");
    });
  }
  for (const [spec, values] of NEVER_ENDS) {
    test(`refused as it never ends: ${JSON.stringify([spec, values])}`, async () => {
      expect(await refusalOf(deployment(values, spec))).toMatch(
        /a rolling update of this Deployment can never end: .*set strategy.type to Recreate/,
      );
      expect(byParser(deployment(values, spec))[0]?.message).toContain("can never end");
    });
  }

  const ENDS: readonly (readonly [object, Values])[] = [
    [rolling(1, { maxUnavailable: 1, maxSurge: 0 }), { ip: "10.1.2.5" }],
    [rolling(1, { maxUnavailable: 1 }), { ip: "10.1.2.5" }],
    // Both round to 0: Kubernetes then lets one be unavailable.
    [rolling(1, { maxUnavailable: "25%", maxSurge: 0 }), { ip: "10.1.2.5" }],
    [rolling(3, { maxUnavailable: 0, maxSurge: 1 }), { ips: "10.1.2.5-10.1.2.8" }],
    [rolling(4), { ips: "10.1.2.5-10.1.2.8" }],
    [rolling(0, { maxUnavailable: 0, maxSurge: 1 }), { ip: "10.1.2.5" }],
    [rolling(3, { maxUnavailable: 0, maxSurge: 1 }), { sticky: "true" }],
  ];
  for (const [spec, values] of ENDS) {
    test(`allowed as it ends: ${JSON.stringify([spec, values])}`, async () => {
      expect(await refusalOf(deployment(values, spec))).toBe("allowed ");
      expect(byParser(deployment(values, spec))).toEqual([]);
    });
  }

  const TOO_SMALL: readonly (readonly [number, string])[] = [
    [3, "10.1.2.5,10.1.2.6"],
    [300, "10.1.2.0-10.1.2.255,10.1.3.0-10.1.3.9"],
    [3, "10.1.2.5-10.1.2.9,fd00::5"],
    [2, "10.1.2.5"],
  ];
  for (const [replicas, ips] of TOO_SMALL) {
    test(`refused as the set is too small: ${ips} for ${replicas}`, async () => {
      const object = deployment({ ips }, { replicas, ...RECREATE });
      expect(await refusalOf(object)).toMatch(
        new RegExp(`kube-ipam.ips has .* addresses for ${replicas} pods: the others would never start`),
      );
      expect(byParser(object)[0]?.message).toContain("would never start");
    });
  }

  test("allowed: a set as large as the replicas, over an octet's border", async () => {
    const spec = { replicas: 266, ...RECREATE };
    expect(await refusalOf(deployment({ ips: "10.1.2.0-10.1.2.255,10.1.3.0-10.1.3.9" }, spec))).toBe(
      "allowed ",
    );
  });

  const containers = [{ name: "c", image: "localhost/none:1" }];
  const template = (values: Values, spec: object = {}) => ({
    metadata: { labels: { app: "x" }, annotations: annotated(values) },
    spec: { containers, ...spec },
  });
  const selector = { matchLabels: { app: "x" } };
  const object = (apiVersion: string, kind: string, spec: object) => ({
    apiVersion,
    kind,
    metadata: { name: "x", namespace: "default" },
    spec,
  });
  const never = { restartPolicy: "Never" };
  const KINDS: Readonly<Record<string, (values: Values, pods?: number) => object>> = {
    Pod: (values) => pod({ name: "x", annotations: annotated(values) }),
    StatefulSet: (values, replicas = 1) =>
      object("apps/v1", "StatefulSet", { replicas, selector, serviceName: "x", template: template(values) }),
    DaemonSet: (values) => object("apps/v1", "DaemonSet", { selector, template: template(values) }),
    ReplicaSet: (values, replicas = 1) =>
      object("apps/v1", "ReplicaSet", { replicas, selector, template: template(values) }),
    Job: (values, parallelism = 1) =>
      object("batch/v1", "Job", { parallelism, template: template(values, never) }),
    CronJob: (values, parallelism = 1) =>
      object("batch/v1", "CronJob", {
        schedule: "0 0 1 1 *",
        jobTemplate: { spec: { parallelism, template: template(values, never) } },
      }),
  };
  for (const [kind, make] of Object.entries(KINDS)) {
    test(`every kind: ${kind}`, async () => {
      expect(await refusalOf(make({ ip: "10.1.2.300" }))).toContain("expected an IP address");
      expect(await refusalOf(make({ ips: "10.1.2.5" }))).toBe("allowed ");
      expect(await refusalOf(make({}))).toBe("allowed ");
      if (kind === "Pod" || kind === "DaemonSet") return;
      expect(await refusalOf(make({ ips: "10.1.2.5" }, 2))).toContain("for 2 pods");
    });
  }

  test("a virtual machine of KubeVirt", async () => {
    await kubernetes.apply(...kubeVirtKinds());
    await kubernetes.kubectl("wait", "--for=condition=Established", "crd/virtualmachines.kubevirt.io");
    const machine = (values: Values) =>
      object("kubevirt.io/v1", "VirtualMachine", { template: template(values) });
    // Its kind is known to the policies a moment after it is known to the API.
    await eventually(async () => {
      const words = await refusalOf(machine({ ip: "10.1.2.300" }));
      return words.includes("expected an IP address") ? true : undefined;
    }, 60_000);
    expect(await refusalOf(machine({ ip: "10.1.2.30" }))).toBe("allowed ");
  }, 90_000);

  test("warned, and made nevertheless: one address for several pods", async () => {
    const shown = async (each: object) => {
      const { exitCode, stderr } = await applied(each);
      return [exitCode, stderr.includes("kube-ipam.ip names 1 address for")];
    };
    const ip = { ip: "10.1.2.5" };
    expect(await shown(deployment(ip, { replicas: 3, ...RECREATE }))).toEqual([0, true]);
    expect((await applied(KINDS.DaemonSet?.(ip) ?? {})).stderr).toContain(
      "kube-ipam.ip names 1 address for a pod on each node: only one of them can have it; name a set with kube-ipam.ips",
    );
    expect(await shown(deployment(ip))).toEqual([0, false]);
    expect(await shown(deployment({ ips: "10.1.2.5-10.1.2.9" }, { replicas: 3, ...RECREATE }))).toEqual([
      0,
      false,
    ]);
  });

  test("J62: on a workload itself: warned, with the place where it belongs", async () => {
    for (const [kind, make] of Object.entries({
      Deployment: (values: Values) => deployment(values),
      ...KINDS,
    })) {
      if (kind === "Pod") continue;
      const made = make({ "ips/net1": "10.1.2.5" }) as { metadata: object };
      const on = (annotations: Values) => applied({ ...made, metadata: { ...made.metadata, annotations } });
      const { exitCode, stderr } = await on({
        "kube-ipam.ip": "10.1.2.5",
        "kube-ipam.ips/net1": "x",
        "a.example/ip": "y",
      });
      const place = kind === "CronJob" ? "spec.jobTemplate.spec.template" : "spec.template";
      expect([exitCode, stderr]).toEqual([
        0,
        expect.stringContaining(
          `: kube-ipam.ip: on the ${kind} itself it reaches no pod; move it to ${place}.metadata.annotations\n`,
        ),
      ]);
      expect((await on({ "kube-ipam.io/ip": "10.1.2.5" })).stderr).toContain("kube-ipam.io/ip: on the");
      expect((await on({ "a.example/ip": "y" })).stderr).toBe("");
    }
  }, 60_000);

  test("J62: of a CronJob's Jobs too; J63: an annotation that comes later is looked at as well", async () => {
    const cron = KINDS.CronJob?.({}) as { spec: { jobTemplate: object } };
    const jobTemplate = {
      ...cron.spec.jobTemplate,
      metadata: { annotations: { "kube-ipam.sticky": "true" } },
    };
    expect((await applied({ ...cron, spec: { ...cron.spec, jobTemplate } })).stderr).toContain(
      "kube-ipam.sticky: on the CronJob itself it reaches no pod",
    );
    await kubernetes.apply(workload("Deployment", "annotated"));
    const annotate = (key: string) =>
      kubernetes.tryKubectl("annotate", "deployment", "annotated", `${key}=10.1.2.5`);
    const { exitCode, stderr } = await annotate("kube-ipam.ip");
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringContaining("kube-ipam.ip: on the Deployment itself"),
    ]);
    expect((await kubernetes.tryKubectl("label", "deployment", "annotated", "x=y")).stderr).toBe("");
  }, 60_000);

  test("every example is allowed", async () => {
    const files = [...new Glob("*.yaml").scanSync(EXAMPLES)].filter((file) => !file.endsWith(".values.yaml"));
    const objects = files.flatMap((file) => Bun.YAML.parse(readFileSync(join(EXAMPLES, file), "utf8")));
    const judged = (objects as { kind?: string }[]).filter(
      ({ kind = "" }) => kind === "Deployment" || kind in KINDS,
    );
    expect(judged.length).toBeGreaterThan(5);
    for (const each of judged) {
      // Their namespaces are not here.
      const here = { ...each, metadata: { name: "example", namespace: "default" } };
      expect([each, await refusalOf(here)]).toEqual([each, "allowed "]);
    }
  }, 60_000);

  test("an update is judged where it changes the specification, and there alone", async () => {
    const path = "/apis/apps/v1/namespaces/default/deployments";
    await kubernetes.request("POST", path, deployment({ ip: "10.1.2.5" }));
    const merge = "application/merge-patch+json";
    const patch = (body: object) => kubernetes.request("PATCH", `${path}/web`, body, merge);
    const strategy = { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
    await expect(patch({ spec: { strategy } })).rejects.toThrow("can never end");
    await kubernetes.kubectl("delete", "-f", POLICIES);
    // As an object that was there before the policies; it takes a moment until they are forgotten.
    await eventually(async () => {
      await patch({ spec: { strategy } }).catch(() => undefined);
      const { spec } = await kubernetes.request<{ spec: { strategy: object } }>("GET", `${path}/web`);
      return "rollingUpdate" in spec.strategy ? true : undefined;
    });
    await kubernetes.kubectl("apply", "-f", POLICIES);
    await eventually(async () =>
      (await applied(deployment({ adress: "x" }))).exitCode === 0 ? undefined : true,
    );
    await patch({ metadata: { labels: { team: "a" } } });
    await expect(patch({ spec: { minReadySeconds: 5 } })).rejects.toThrow("can never end");
    await patch({ spec: { strategy: { type: "Recreate", rollingUpdate: null } } });
  });

  test("a pod that a workload of Kubernetes' own made is left alone, another's is not", async () => {
    const ownedBy = (apiVersion: string, kind: string) =>
      pod({
        name: "x",
        annotations: annotated({ ip: "10.1.2.300" }),
        ownerReferences: [{ apiVersion, kind, name: "o", uid: "u", controller: true }],
      });
    expect(await refusalOf(ownedBy("apps/v1", "ReplicaSet"))).toBe("allowed ");
    expect(await refusalOf(ownedBy("example.com/v1", "Database"))).toContain("expected an IP address");
  });
});
