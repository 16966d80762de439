import { describe, expect, test } from "bun:test";
import { formatAddress, parseAddress } from "../../address/address.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import type { Cluster } from "../cluster-port.ts";
import { IpamError } from "../errors.ts";
import type { Put } from "../store-port.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { FakeNode } from "../testing/fake-node.ts";
import { holder, podFacts } from "../testing/hand-over.ts";
import { network } from "../testing/networks.ts";
import type { FixedAddress, Wish } from "../wish.ts";
import { readWish, type WishQuestion } from "./wish-of-pod.ts";

const pod = { namespace: "default", name: "db-0", uid: "uid-1" };
const statefulSet = {
  owner: { kind: "StatefulSet", namespace: "default", name: "db", uid: "uid-db" },
  ordinal: 0,
};

function question(change: Partial<WishQuestion> = {}): WishQuestion {
  return {
    pod,
    attachment: { network: "net", container: "c1", ifname: "eth0" },
    network: network("net", "10.1.2.0/24"),
    kubernetes: { annotations: "auto", capabilityDeclared: true },
    requested: [],
    ...change,
  };
}

function delivered(podAnnotations: Record<string, string>): Pick<WishQuestion, "kubernetes"> {
  return { kubernetes: { annotations: "auto", capabilityDeclared: true, podAnnotations } };
}

function clusterWith(
  annotations: Record<string, string>,
  change: Parameters<typeof podFacts>[0] = {},
): FakeCluster {
  const cluster = new FakeCluster();
  cluster.addPod(podFacts({ name: "db-0", uid: "uid-1", annotations, ...change }), statefulSet);
  return cluster;
}

async function read(asked: WishQuestion, cluster?: Cluster): Promise<Wish> {
  const ports = { store: createMemoryStore(), node: new FakeNode("n1"), ...(cluster && { cluster }) };
  return readWish(asked, ports, performance.now() + 1_000);
}

async function failure(asked: WishQuestion, cluster?: Cluster): Promise<string> {
  const error = await read(asked, cluster).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof IpamError ? `${error.code} ${error.message}; ${error.details}` : String(error);
}

function requested(text: string, prefix?: number): FixedAddress {
  return {
    address: parseAddress(text),
    ...(prefix !== undefined && { prefix }),
    source: "runtimeConfig.ips",
  };
}

function addresses({ fixed }: Wish): string[] {
  return fixed.map(({ address }) => formatAddress(address));
}

describe("where the wish comes from", () => {
  test("without a pod only what was requested counts, and nobody is asked", async () => {
    const cluster = new FakeCluster();
    const { pod: _none, ...asked } = question({ requested: [requested("10.1.2.9")] });
    expect(addresses(await read(asked, cluster))).toEqual(["10.1.2.9"]);
    expect(cluster.calls).toEqual([]);
  });

  test("annotations delivered without a pod's name are a wish all the same", async () => {
    const ask = (annotations: Record<string, string>, change: Partial<WishQuestion> = {}) => {
      const { pod: _none, ...asked } = question({ ...delivered(annotations), ...change });
      return asked;
    };
    const fixed = ask({ "kube-ipam.ip": "10.1.2.9" });
    expect(addresses(await read(fixed))).toEqual(["10.1.2.9"]);
    expect(await read(fixed)).not.toHaveProperty("owner");
    expect(await failure(ask({ "kube-ipam.ip": "10.1.2" }))).toStartWith("103 ");
    expect(await failure(ask({ "kube-ipam.ip": "10.9.9.9" }))).toStartWith("102 ");
    for (const annotations of [{ "kube-ipam.sticky": "true" }, { "kube-ipam.ips": "10.1.2.9" }])
      expect(await failure(ask(annotations as never))).toStartWith("4 kube-ipam.sticky and kube-ipam.ips");
    const off = {
      annotations: "off",
      capabilityDeclared: true,
      podAnnotations: { "kube-ipam.ip": "x" },
    } as const;
    expect(addresses(await read(ask({}, { kubernetes: off })))).toEqual([]);
  });

  test('annotations "off" asks nobody', async () => {
    const cluster = clusterWith({ "kube-ipam.ip": "10.1.2.5" });
    const wish = await read(
      question({ kubernetes: { annotations: "off", capabilityDeclared: false } }),
      cluster,
    );
    expect(wish).toEqual({ fixed: [], sticky: false, retain: "workload" });
    expect(cluster.calls).toEqual([]);
  });

  test("a plain pod whose annotations the runtime delivered costs no request", async () => {
    const cluster = clusterWith({});
    expect(await read(question(delivered({ app: "web" })), cluster)).toEqual({
      fixed: [],
      sticky: false,
      retain: "workload",
    });
    expect(cluster.calls).toEqual([]);
  });

  test("a plain pod that a watch of this node has seen proves its node, without a request", async () => {
    const cluster = new FakeCluster();
    const seen = podFacts({ name: "db-0", uid: "uid-1", nodeName: "n1" });
    const wish = await read(question(delivered({})), Object.assign(cluster, { seenPod: () => seen }));
    expect(wish.pod).toEqual(seen);
    expect(cluster.calls).toEqual([]);
  });

  test("delivered annotations go before Kubernetes' own", async () => {
    const cluster = clusterWith({ "kube-ipam.ip": "10.1.2.6" });
    const wish = await read(question(delivered({ "kube-ipam.ip": "10.1.2.5" })), cluster);
    expect(addresses(wish)).toEqual(["10.1.2.5"]);
    expect(wish.owner).toEqual(statefulSet);
  });

  test("without delivery one request tells the annotations", async () => {
    const cluster = clusterWith({});
    expect((await read(question(), cluster)).pod?.nodeName).toBe("n1");
    expect(cluster.calls).toEqual(["pod default/db-0"]);
  });

  test("a fixed address also needs its owner", async () => {
    const cluster = clusterWith({ "kube-ipam.ip": "10.1.2.5", "kube-ipam.retain": "keep" });
    const wish = await read(question(), cluster);
    expect(addresses(wish)).toEqual(["10.1.2.5"]);
    expect(wish.retain).toBe("keep");
    expect(wish.owner).toEqual(statefulSet);
    expect(cluster.calls).toEqual(["pod default/db-0", "ownerOf default/db-0"]);
  });
});

describe("FAIL-CLOSED", () => {
  test("no kubeConfig and no delivery is error 104", async () => {
    const kubernetes = { annotations: "auto", capabilityDeclared: false } as const;
    expect(await failure(question({ kubernetes }))).toBe(
      "104 network 'net' has no way to read the pod's annotations; name a kubeConfig in the network or in the node's file, or " +
        'declare the capability io.kubernetes.cri.pod-annotations, or say "annotations": "off" if no pod of this network asks ' +
        "for addresses",
    );
  });

  test("a capability that was declared but dropped is named", async () => {
    expect(await failure(question())).toStartWith(
      "104 network 'net' has no way to read the pod's annotations; the capability io.kubernetes.cri.pod-annotations is declared, " +
        "but the caller of this plugin did not deliver it (Multus does not pass it on); name a kubeConfig",
    );
  });

  test("an API server that is down is error 11", async () => {
    const cluster = clusterWith({});
    cluster.goDown();
    expect(await failure(question(), cluster)).toBe("11 the API server does not answer; ");
  });

  test("a pod that is gone is error 108", async () => {
    expect(await failure(question(), new FakeCluster())).toBe(
      "108 pod default/db-0 does not exist any more; it was deleted while its sandbox was being created; nothing is allocated",
    );
  });

  test("a pod that was replaced is error 108", async () => {
    expect(await failure(question(), clusterWith({}, { uid: "uid-2" }))).toBe(
      "108 pod default/db-0 was replaced: its UID is uid-2, the sandbox is for uid-1; the sandbox belongs to an earlier pod " +
        "of that name; nothing is allocated",
    );
  });

  test("a static pod's mirror is no replacement", async () => {
    const mirror = { uid: "uid-2", mirror: true, annotations: { "kubernetes.io/config.hash": "uid-1" } };
    expect((await read(question(), clusterWith({}, mirror))).fixed).toEqual([]);
  });

  test("a runtime that tells no UID is served", async () => {
    const { uid: _none, ...named } = pod;
    expect((await read(question({ pod: named }), clusterWith({}, { uid: "uid-2" }))).fixed).toEqual([]);
  });

  test("an address outside of the pod's only network is error 102", async () => {
    expect(await failure(question(delivered({ "kube-ipam.ip": "10.9.0.5" })))).toStartWith(
      "102 address 10.9.0.5 (kube-ipam.ip)",
    );
  });
});

describe("delivered annotations while Kubernetes is down", () => {
  const down = () => {
    const cluster = clusterWith({});
    cluster.goDown();
    return cluster;
  };
  const itself = { owner: { kind: "Pod", namespace: "default", name: "db-0" }, provisional: true };

  test("give a named address, provisionally owned by the pod itself", async () => {
    const wish = await read(question(delivered({ "kube-ipam.ip": "10.1.2.5" })), down());
    expect(addresses(wish)).toEqual(["10.1.2.5"]);
    expect(wish.owner).toEqual(itself);
  });

  test("so they do where no Kubernetes is configured", async () => {
    expect((await read(question(delivered({ "kube-ipam.ip": "10.1.2.5" })))).owner).toEqual(itself);
  });

  test("cannot tell which address is a sticky pod's, or an ordinal's", async () => {
    for (const wish of [{ "kube-ipam.sticky": "true" }, { "kube-ipam.ips": "10.1.2.5-10.1.2.9" }]) {
      expect(await failure(question(delivered(wish)), down())).toBe("11 the API server does not answer; ");
      expect(await failure(question(delivered(wish)))).toStartWith("104 network 'net' has no way to read");
    }
  });

  test("unusable credentials are told, not passed over", async () => {
    const cluster = clusterWith({});
    cluster.failure = new IpamError("kubernetesRefused", "no");
    expect(await failure(question(delivered({ "kube-ipam.ip": "10.1.2.5" })), cluster)).toBe("104 no; ");
  });

  test("a pod that was replaced is still error 108", async () => {
    const annotated = question(delivered({ "kube-ipam.ip": "10.1.2.5" }));
    expect(await failure(annotated, clusterWith({}, { uid: "uid-2" }))).toStartWith(
      "108 pod default/db-0 was replaced",
    );
  });
});

describe("requests and annotations together", () => {
  const both = (ip: string, ...ips: FixedAddress[]) =>
    question({ ...delivered({ "kube-ipam.ip": ip }), requested: ips });

  test("equal ones are one wish, with the annotation's netmask and gateway", async () => {
    const wish = await read(both("10.1.2.5/16", requested("10.1.2.5")), clusterWith({}));
    expect(wish.fixed).toEqual([{ address: parseAddress("10.1.2.5"), prefix: 16, source: "kube-ipam.ip" }]);
  });

  test("different ones are error 7", async () => {
    const end = "both name addresses for one interface and they differ: remove one, or make them equal";
    expect(await failure(both("10.1.2.5", requested("10.1.2.6")), clusterWith({}))).toBe(
      `7 the pod requests 10.1.2.5 (kube-ipam.ip), but also 10.1.2.6 (runtimeConfig.ips); ${end}`,
    );
    expect(await failure(both("10.1.2.5/24", requested("10.1.2.5", 16)), clusterWith({}))).toBe(
      `7 the pod requests 10.1.2.5/24 (kube-ipam.ip), but also 10.1.2.5/16 (runtimeConfig.ips); ${end}`,
    );
  });

  test("a request with a prefix length agrees with an annotation that names none", async () => {
    const wish = await read(both("10.1.2.5", requested("10.1.2.5", 24)), clusterWith({}));
    expect(wish.fixed).toEqual([{ address: parseAddress("10.1.2.5"), prefix: 24, source: "kube-ipam.ip" }]);
  });

  test("one more than the annotation names for a range set is another wish", async () => {
    const asked = both("10.1.2.5", requested("10.1.2.5"), requested("10.1.2.6"));
    expect(await failure(asked, clusterWith({}))).toStartWith("7 the pod requests");
    // Two for one range set: the ADD refuses the second.
    const wish = await read(both("10.1.2.5,10.1.2.6", requested("10.1.2.5")), clusterWith({}));
    expect(addresses(wish)).toEqual(["10.1.2.5", "10.1.2.6"]);
  });

  test("J44: each fills the range sets that the other does not name", async () => {
    const dual = (annotations: Record<string, string>, ...ips: FixedAddress[]) =>
      question({
        ...delivered(annotations),
        network: network("net", "10.1.2.0/24", "fd00::/64"),
        requested: ips,
      });
    const named = async (annotations: Record<string, string>, ...ips: FixedAddress[]) =>
      read(dual(annotations, ...ips), clusterWith({}));
    expect(addresses(await named({ "kube-ipam.ip": "10.1.2.5" }, requested("fd00::5")))).toEqual([
      "10.1.2.5",
      "fd00::5",
    ]);
    expect(
      addresses(await named({ "kube-ipam.ip": "fd00::5" }, requested("10.1.2.5"), requested("fd00::5"))),
    ).toEqual(["fd00::5", "10.1.2.5"]);
    const beside = await named({ "kube-ipam.ips": "fd00::5-fd00::9" }, requested("10.1.2.5"));
    expect([addresses(beside), beside.set?.length]).toEqual([["10.1.2.5"], 1]);
    const sticky = await named({ "kube-ipam.sticky": "true" }, requested("10.1.2.5"));
    expect([addresses(sticky), sticky.sticky]).toEqual([["10.1.2.5"], true]);
    const both = dual({ "kube-ipam.ips": "fd00::5-fd00::9" }, requested("fd00::4"), requested("10.1.2.5"));
    expect(await failure(both, clusterWith({}))).toStartWith("7 fd00::4 (runtimeConfig.ips) is requested");
  });

  test("a request must be one of the set", async () => {
    const of = (text: string) =>
      question({ ...delivered({ "kube-ipam.ips": "10.1.2.5-10.1.2.9" }), requested: [requested(text)] });
    const wish = await read(of("10.1.2.7"), clusterWith({}));
    expect(addresses(wish)).toEqual(["10.1.2.7"]);
    expect(await failure(of("10.1.2.10"), clusterWith({}))).toBe(
      "7 10.1.2.10 (runtimeConfig.ips) is requested, but the annotation kube-ipam.ips does not contain it; correct the request or " +
        "the annotation",
    );
  });
});

test("an address of a further network that the store knows is passed on to it", async () => {
  const store = createMemoryStore();
  const record = { version: 1, space: "default", subnets: ["10.9.0.0/24"] };
  const deadline = performance.now() + 1_000;
  await store.commit(
    { guards: [], puts: [{ ref: { kind: "network", name: "db" }, record }], deletes: [] },
    { deadline },
  );
  const annotations = { "kube-ipam.ip": "10.9.0.5", "k8s.v1.cni.cncf.io/networks": "db" };
  const ask = (ip: string) =>
    readWish(
      question(delivered({ ...annotations, "kube-ipam.ip": ip })),
      { store, node: new FakeNode("n1") },
      deadline,
    );
  expect((await ask("10.9.0.5")).fixed).toEqual([]);
  // Every network of the pod is known, and none of them holds it.
  await expect(ask("10.8.0.5")).rejects.toMatchObject({ code: 102 });
});

test("a key for a network counts where this very container is attached to it, or where the asker knows", async () => {
  const store = createMemoryStore();
  const node = new FakeNode("n1");
  const deadline = performance.now() + 1_000;
  const attachedTo = { network: "web", container: "c1", ifname: "eth0" };
  const record = {
    version: 1,
    space: "default",
    addresses: [],
    prefixes: [],
    gateways: [],
    origin: "fixed" as const,
    holder: holder(),
  };
  const puts: Put[] = [
    { ref: { kind: "network", name: "web" }, record: { version: 1, space: "default", subnets: [] } },
    { ref: { kind: "attachment", node: "n1", id: attachedTo }, record },
  ];
  await store.commit({ guards: [], puts, deletes: [] }, { deadline });
  const annotations = { "kube-ipam.ip/web": "10.9.0.5", "k8s.v1.cni.cncf.io/networks": "net" };
  const ask = (container: string, change: Partial<WishQuestion> = {}) =>
    readWish(
      question({
        ...delivered(annotations),
        attachment: { network: "net", container, ifname: "net1" },
        ...change,
      }),
      { store, node },
      deadline,
    );
  expect((await ask("c1")).fixed).toEqual([]);
  await expect(ask("c2")).rejects.toMatchObject({ code: 102 });
  expect((await ask("c2", { attached: [{ ifname: "eth0", network: "web" }] })).fixed).toEqual([]);
  await expect(ask("c1", { attached: [] })).rejects.toMatchObject({ code: 102 });
});

test.each([
  ["10.9.0.3", "claimed"],
  ["10.8.0.3", "102"],
  ["10.7.0.3", "102"],
])(
  "C87: an interface that got %s by another definition of its network's name has not met a wish: %s",
  async (has, outcome) => {
    const store = createMemoryStore();
    const deadline = performance.now() + 1_000;
    const again = { space: "default", subnets: ["10.8.0.0/24"], again: true } as const;
    const web = { version: 1, space: "default", subnets: ["10.9.0.0/24"], earlier: [again] };
    const record = {
      version: 1,
      space: "default",
      addresses: [has],
      prefixes: [24],
      gateways: [null],
      origin: "dynamic" as const,
      holder: holder(),
    };
    const id = { network: "web", container: "c1", ifname: "eth0" };
    const puts: Put[] = [
      { ref: { kind: "network", name: "web" }, record: web },
      { ref: { kind: "attachment", node: "n1", id }, record },
    ];
    await store.commit({ guards: [], puts, deletes: [] }, { deadline });
    const asked = readWish(
      question({
        ...delivered({ "kube-ipam.ip": "10.9.0.5", "k8s.v1.cni.cncf.io/networks": "net" }),
        attachment: { network: "net", container: "c1", ifname: "net1" },
      }),
      { store, node: new FakeNode("n1") },
      deadline,
    );
    expect(
      await asked.then(
        () => "claimed",
        ({ code }) => String(code),
      ),
    ).toBe(outcome);
  },
);

test("J56: what the pod's list names for the interface is a wish, under what the runtime requests", async () => {
  const list = JSON.stringify([{ name: "net", ips: ["10.1.2.9"] }]);
  const attachment = { network: "net", container: "c1", ifname: "net1" };
  const of = (annotations: Record<string, string>, ...ips: FixedAddress[]) =>
    question({
      attachment,
      requested: ips,
      ...delivered({ "k8s.v1.cni.cncf.io/networks": list, ...annotations }),
    });
  expect(addresses(await read(of({}), clusterWith({})))).toEqual(["10.1.2.9"]);
  expect(addresses(await read(of({}, requested("10.1.2.8")), clusterWith({})))).toEqual(["10.1.2.8"]);
  expect(await failure(of({ "kube-ipam.ip": "10.1.2.7" }), clusterWith({}))).toStartWith(
    "7 the pod requests 10.1.2.7 (kube-ipam.ip), but also 10.1.2.9 (ips in k8s.v1.cni.cncf.io/networks)",
  );
});
