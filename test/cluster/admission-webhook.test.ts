import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { ClusterNode } from "../kit/cluster-node.ts";
import { added } from "../kit/cni.ts";
import { type Controller, startController } from "../kit/controller.ts";
import { applyControllerService, applyFor } from "../kit/controller-service.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { pod, workload } from "../kit/kubernetes-objects.ts";
import { loopbackPorts } from "../kit/loopback-ports.ts";
import { type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import { type Finished, run } from "../kit/run.ts";
import { eventually } from "../kit/wait.ts";

/**
 * The webhook of deploy/admission on a real API server, served by the built controller under the
 * certificate that it made itself. The policies beside it are not installed here.
 */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`admission webhook: ${missing}`, () => {});

const EXECUTABLE = process.env.KUBE_IPAM_EXECUTABLE ?? "dist/kube-ipam";
const POOLS = { pools: { secret: { subnets: ["10.77.0.0/24"], fixedNamespaces: ["team-b"] } } };

describe.skipIf(missing !== undefined)("admission webhook", () => {
  let world: PodsOnNodes;
  let node: ClusterNode;
  let controller: Controller;
  let count = 0;

  beforeAll(async () => {
    world = await podsOnNodes();
    const { kubernetes } = world;
    for (const namespace of ["team-a", "team-b"]) {
      await kubernetes.apply(
        { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
        { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace } },
      );
    }
    const ipam = { ...world.ipam, subnet: "10.188.0.0/16", rangeStart: "10.188.0.10" };
    node = await world.node("n1", { cniVersion: "1.0.0", name: "lan", type: "macvlan", ipam });
    await applyControllerService(kubernetes);
    controller = await startController(world, POOLS);
    await install(controller.tlsPort);
    await eventually(async () => ((await apply(malformed())).exitCode === 0 ? undefined : true), 120_000);
  }, 180_000);
  afterAll(async () => {
    await controller?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  }, 60_000);

  /** The shipped configuration, for a controller on this port; it gets its caBundle from the controller. */
  async function install(tlsPort: number): Promise<void> {
    await applyFor({ tlsPort }, "admission/webhook.yaml", world.kubernetes);
  }

  /** `kubectl apply` as people see it. */
  function apply(object: object, ...more: string[]): Promise<Finished> {
    const path = world.kubernetes.folder.file(`webhook-${count++}.json`);
    writeFileSync(path, JSON.stringify(object));
    return world.kubernetes.tryKubectl("apply", "-f", path, ...more);
  }

  async function answered(object: object): Promise<string> {
    const { exitCode, stderr } = await apply(object, "--dry-run=server");
    return `${exitCode === 0 ? "allowed" : "refused"} ${stderr.trim()}`;
  }

  /** What is said against an object; asked again where the machine was too busy for the webhook to be heard. */
  async function judged(object: object): Promise<string> {
    return eventually(async () => {
      const answer = await answered(object);
      return answer === "allowed " ? undefined : answer;
    }, 60_000);
  }

  function malformed(): object {
    return bare("team-a", "10.188.0.300");
  }

  function bare(namespace: string, ip: string, name = `p${count}`): object {
    return pod({ name, namespace, annotations: { "kube-ipam.ip": ip } });
  }

  function deployment(namespace: string, ip: string): object {
    const made = workload("Deployment", "web", { strategy: { type: "Recreate" } }, { "kube-ipam.ip": ip });
    return { ...made, metadata: { name: "web", namespace } };
  }

  /** An operator's command on the same store. */
  async function operator(...args: string[]): Promise<void> {
    const config = world.kubernetes.folder.file("operator.json");
    const dataDir = world.kubernetes.folder.file("operator");
    writeFileSync(config, JSON.stringify({ etcdConfig: world.ipam.etcdConfig, dataDir }));
    const env = { KUBE_IPAM_CONFIG: config };
    const { exitCode, stderr } = await run([EXECUTABLE, ...args], { env });
    if (exitCode !== 0) throw new Error(stderr);
  }

  test("malformed: refused with the words that the pod's event would have", async () => {
    expect(await judged(malformed())).toContain(
      "annotation kube-ipam.ip has the value '10.188.0.300': expected an IP address such as 10.1.2.5",
    );
    expect(await answered(bare("team-a", "10.188.0.50"))).toBe("allowed ");
  }, 180_000);

  test("a range of IPv6, which CEL cannot count, and a rolling update that never ends", async () => {
    const set = { "kube-ipam.ips": "fd00::5-fd00::6" };
    const recreate = { replicas: 3, strategy: { type: "Recreate" } };
    expect(await judged(workload("Deployment", "x", recreate, set))).toContain(
      "kube-ipam.ips has 2 addresses for 3 pods of Deployment default/x: the others would never start",
    );
    expect(await judged(workload("Deployment", "x", {}, { "kube-ipam.ip": "10.188.0.50" }))).toContain(
      "a rolling update of Deployment default/x can never end",
    );
  }, 180_000);

  test("J70, J72: more than a pod may ask for is refused, and keeps nobody else waiting", async () => {
    const listed = (count: number) =>
      Array.from({ length: count }, (_, n) => `::${n.toString(16)}`).join(",");
    const asking = (ips: string) =>
      pod({ name: "many", namespace: "team-a", annotations: { "kube-ipam.ips": ips } });
    const large = [1, 2, 3].map(() => judged(asking(listed(16_000))));
    expect(await judged(malformed())).toContain("annotation kube-ipam.ip has the value '10.188.0.300'");
    for (const said of await Promise.all(large)) expect(said).toContain("at most 65536 characters, not ");
    expect(await judged(asking(listed(1_025)))).toContain("at most 1024 entries, not 1025");
    const most = Array.from({ length: 1_024 }, (_, n) => `10.188.${n >> 8}.${n & 255}`).join(",");
    expect(await answered(asking(most))).toStartWith("allowed ");
  }, 180_000);

  test("J60: a near miss of a key is refused, with the key that it was meant to be", async () => {
    for (const key of ["kube-ipam.io/ip", "kube_ipam.ip", "Kube-ipam.ip", "kube-ipm.ip"])
      expect(
        await judged(pod({ name: "near", namespace: "team-a", annotations: { [key]: "10.188.0.50" } })),
      ).toContain(`annotation ${key} has the value '10.188.0.50': expected the key kube-ipam.ip`);
    expect(
      await answered(pod({ name: "other", namespace: "team-a", annotations: { "kube-vip.io/ip": "x" } })),
    ).toBe("allowed ");
  }, 180_000);

  test("J62, J63: on the workload itself it is a warning, also where it comes later", async () => {
    const made = workload("StatefulSet", "places") as { metadata: object };
    const own = { annotations: { "kube-ipam.ip": "10.188.0.50" } };
    expect(await judged({ ...made, metadata: { ...made.metadata, ...own } })).toBe(
      "allowed Warning: kube-ipam: kube-ipam.ip on the StatefulSet itself reaches no pod: it belongs into spec.template.metadata.annotations",
    );
    await world.kubernetes.apply(
      workload("StatefulSet", "places", {}, { "kube-ipam.ip/lan": "10.188.0.51" }),
    );
    // Its template would be refused now.
    await operator("ip", "reserve", "10.188.0.51", "--for", "the printer");
    const later = await eventually(async () => {
      const words = ["annotate", "--overwrite", "statefulset", "places", `kube-ipam.IP=${count++}`];
      const { exitCode, stderr } = await world.kubernetes.tryKubectl(...words);
      return stderr === "" ? undefined : [exitCode, stderr.trim()];
    }, 60_000);
    expect(later).toEqual([
      0,
      "Warning: kube-ipam: kube-ipam.IP on the StatefulSet itself reaches no pod: it belongs into spec.template.metadata.annotations as kube-ipam.ip",
    ]);
  }, 180_000);

  test("reserved by an operator: refused for all but its owner, at pods and at templates", async () => {
    await operator(
      "ip",
      "reserve",
      "10.188.0.60",
      "--for",
      "Deployment/team-a/web",
      "--note",
      "the database",
    );
    expect(await judged(bare("team-b", "10.188.0.60"))).toMatch(
      /^refused .*address 10.188.0.60 is not available to namespace 'team-b': choose another address, or ask/,
    );
    expect(await judged(deployment("team-b", "10.188.0.60"))).toStartWith("refused ");
    expect(await answered(deployment("team-a", "10.188.0.60"))).toBe("allowed ");
  }, 180_000);

  test("K126: another team's address: refused while its pod's workload lives, a warning where a pod has it, naming nobody", async () => {
    await world.kubernetes.apply(
      pod({ name: "db", namespace: "team-a", node: "n1", annotations: { "kube-ipam.ip": "10.188.0.70" } }),
    );
    const sandbox = await node.makeSandbox(await world.find("db", "team-a"));
    added(await node.add(sandbox));
    expect(await judged(bare("team-b", "10.188.0.70"))).toMatch(
      /^refused .*kube-ipam.ip: address 10.188.0.70 is not available to namespace 'team-b': choose another address, or ask/,
    );
    expect(await answered(bare("team-a", "10.188.0.70"))).toBe("allowed ");
    await world.kubernetes.apply(pod({ name: "any", namespace: "team-a", node: "n1" }));
    const other = await node.makeSandbox(await world.find("any", "team-a"));
    const [{ address = "" } = {}] = added(await node.add(other)).ips;
    expect(await judged(bare("team-b", address.replace("/16", "")))).toMatch(
      /^allowed Warning: kube-ipam: kube-ipam.ip: address 10.188.\d+.\d+ is not available to namespace 'team-b' now/,
    );
    await node.end(other);
  }, 180_000);

  test("outside every subnet: a warning, and the pod is made", async () => {
    expect(await judged(bare("team-a", "10.189.0.5"))).toMatch(
      /^allowed Warning: kube-ipam: kube-ipam.ip: 10.189.0.5 lies in no subnet of the networks in use/,
    );
  }, 180_000);

  test("a pool's fixedNamespaces hold when the pod is applied", async () => {
    expect(await judged(bare("team-a", "10.77.0.5"))).toContain(
      "namespace 'team-a' may not name addresses of pool 'secret'",
    );
    expect(await answered(bare("team-b", "10.77.0.5"))).toBe("allowed ");
  }, 180_000);

  test("the webhook is down: pods are made all the same, without delay", async () => {
    const [closed = 0] = await loopbackPorts(1);
    await install(closed);
    await madeAfterAll("10.188.0.300");
    await install(controller.tlsPort);
    await eventually(async () => ((await apply(malformed())).exitCode === 0 ? undefined : true), 120_000);
  }, 180_000);

  test("the webhook is slow: pods are made when its time is over", async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    await install(typeof address === "object" && address !== null ? address.port : 0);
    await madeAfterAll("10.188.0.301");
    silent.close();
    await install(controller.tlsPort);
    await eventually(async () => ((await apply(malformed())).exitCode === 0 ? undefined : true), 120_000);
  }, 180_000);

  /** What would be refused is made; a moment may pass until the API server has the new configuration. */
  async function madeAfterAll(ip: string): Promise<void> {
    await eventually(
      async () => ((await apply(bare("team-a", ip))).exitCode === 0 ? true : undefined),
      60_000,
    );
  }

  test("the store is away: a warning, and the pod is made", async () => {
    for (const member of world.etcd.members) member.freeze();
    try {
      expect(await judged(bare("team-a", "10.188.0.80"))).toMatch(
        /^allowed Warning: kube-ipam: cannot look up whether these addresses are held or reserved/,
      );
    } finally {
      for (const member of world.etcd.members) member.thaw();
    }
  }, 180_000);
});
