import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { ClusterNode } from "../kit/cluster-node.ts";
import { added, refused } from "../kit/cni.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { pod, podOf } from "../kit/kubernetes-objects.ts";
import { type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";

/**
 * The example of the original's README, as it stands there: the configuration
 * /etc/cni/net.d/1-kube-ipam.conf (its missing comma put in, hosts and files replaced by this
 * test's own) and the Deployment fixed-ip-test with address 10.188.0.216.
 */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the original README's example: ${missing}`, () => {});

const DEPLOYMENT = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "fixed-ip-test", namespace: "default", labels: { "k8s-app": "cloudnativer-test" } },
  spec: {
    replicas: 1,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
    selector: { matchLabels: { "k8s-app": "cloudnativer-test" } },
    template: {
      metadata: {
        labels: { "k8s-app": "cloudnativer-test" },
        annotations: {
          "kube-ipam.ip": "10.188.0.216",
          "kube-ipam.netmask": "255.255.0.0",
          "kube-ipam.gateway": "10.188.0.1",
        },
      },
      spec: {
        containers: [
          {
            name: "fixed-ip-test",
            image: "nginx:1.7.9",
            imagePullPolicy: "IfNotPresent",
            ports: [{ name: "http", containerPort: 80 }],
          },
        ],
      },
    },
  },
};

describe.skipIf(missing !== undefined)("the original README's example", () => {
  let world: PodsOnNodes;
  let first: ClusterNode;
  let second: ClusterNode;

  beforeAll(async () => {
    world = await podsOnNodes({ controllers: true });
    const network = {
      cniVersion: "0.3.1",
      name: "k8snetwork",
      type: "macvlan",
      master: "eth1",
      ipam: {
        ...world.ipam,
        name: "kube-subnet",
        subnet: "10.188.0.0/16",
        rangeStart: "10.188.0.10",
        rangeEnd: "10.188.0.200",
        gateway: "10.188.0.1",
        routes: [{ dst: "0.0.0.0/0" }],
        resolvConf: "/etc/resolv.conf",
      },
    };
    first = await world.node("192.168.20.21", network);
    second = await world.node("192.168.30.35", network);
  }, 120_000);
  afterAll(() => world?.[Symbol.asyncDispose]());

  const FIXED = { version: "4", address: "10.188.0.216/16", gateway: "10.188.0.1" };
  const LABEL = "k8s-app=cloudnativer-test";

  test("its pod keeps 10.188.0.216 when it is deleted and comes back on another node", async () => {
    const { kubernetes } = world;
    await kubernetes.apply(DEPLOYMENT);
    const before = await podOf(kubernetes, LABEL);
    await world.bind(before, first);
    const sandbox = await first.makeSandbox(await world.find(before));
    const result = added(await first.add(sandbox));
    expect(result).toMatchObject({ cniVersion: "0.3.1", ips: [FIXED], routes: [{ dst: "0.0.0.0/0" }] });

    await kubernetes.kubectl("delete", "pod", before, "--wait=false");
    const after = await podOf(kubernetes, LABEL, before);
    await world.bind(after, second);
    const again = await second.makeSandbox(await world.find(after));
    const adding = second.add(again);
    await Bun.sleep(1_000);
    await first.end(sandbox);
    await world.forget(before);
    expect(added(await adding).ips).toEqual([FIXED]);
    await second.end(again);
  }, 60_000);

  test("a random pod gets an address of the range, never the one that waits for its workload", async () => {
    await world.kubernetes.apply(pod({ name: "random", node: first.name }));
    const sandbox = await first.makeSandbox(await world.find("random"));
    expect(added(await first.add(sandbox)).ips).toEqual([
      { version: "4", address: "10.188.0.10/16", gateway: "10.188.0.1" },
    ]);
  });

  test("another team may not name it while the workload exists", async () => {
    await world.kubernetes.kubectl("create", "namespace", "other");
    const annotations = { "kube-ipam.ip": "10.188.0.216" };
    await world.kubernetes.kubectl(
      "-n",
      "other",
      "wait",
      "--for=create",
      "serviceaccount/default",
      "--timeout=20s",
    );
    await world.kubernetes.apply(pod({ name: "grabber", namespace: "other", node: first.name, annotations }));
    const sandbox = await first.makeSandbox(await world.find("grabber", "other"));
    const error = refused(await first.add(sandbox));
    expect(`${error.code} ${error.msg}`).toBe(
      "101 address 10.188.0.216 is reserved for Deployment default/fixed-ip-test",
    );
    await world.kubernetes.kubectl("delete", "deployment", "fixed-ip-test", "--cascade=orphan");
    expect(added(await first.add(sandbox)).ips[0]?.address).toBe("10.188.0.216/16");
  }, 30_000);
});
