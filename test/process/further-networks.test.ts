import { expect } from "bun:test";
import { apiStatus, type FakeApi, object, startFakeApi } from "../../src/kubernetes/testing/fake-api.ts";
import { ours } from "../kit/case.ts";
import { addressesOf } from "../kit/cni.ts";
import { podArgs } from "../kit/shown-objects.ts";
import { eventually } from "../kit/wait.ts";
import type { Configuration, Refusal, World } from "../kit/world.ts";

/** docs/behaviour.md J45, J46: wishes of pods with further networks (FAIL-CLOSED: given, refused or told). */

const NETWORKS = "k8s.v1.cni.cncf.io/networks";
const FIRST_NETWORK = "10.1.0.0/24";
const DB = "10.2.0.0/24";

type Annotations = Readonly<Record<string, string>>;

/** A cluster in which pods ask for addresses of "web" (10.1.0.0/24) at eth0 and "db" (10.2.0.0/24) later. */
class Pods implements Disposable {
  readonly #api: FakeApi = startFakeApi();
  readonly #kubeConfig = this.#api.kubeConfig();
  #count = 0;

  constructor(readonly world: World) {
    this.#api.answers.set("/api/v1/namespaces/kube-system", object("kube-system", "cluster"));
  }

  /** A pod with these annotations; `attach` runs the ADD of one interface in one container. */
  pod(annotations: Annotations) {
    const name = `p${this.#count++}`;
    this.#api.answers.set(
      `/api/v1/namespaces/default/pods/${name}`,
      object(name, `uid-${name}`, { annotations }),
    );
    const call = (ifname: string) => ({
      container: `c-${name}`,
      ifname,
      args: podArgs(name, `uid-${name}`),
    });
    return {
      add: async (ifname: string, network: string, subnet: string) =>
        addressesOf(await this.world.add(this.#network(network, subnet), call(ifname))),
      refused: (ifname: string, network: string, subnet: string, refusal: Refusal) =>
        this.world.refused("ADD", this.#network(network, subnet), call(ifname), refusal),
    };
  }

  /** A NetworkAttachmentDefinition, or the API server's answer instead. */
  definition(name: string, answer: Configuration | Response): void {
    const path = `/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions/${name}`;
    const made =
      answer instanceof Response ? answer : { metadata: { name }, spec: { config: JSON.stringify(answer) } };
    this.#api.answers.set(path, made);
  }

  /** Paths that were asked for since the last call, without those of the cluster. */
  asked(): string[] {
    return this.#api.requests.splice(0).flatMap(({ path }) => (path.endsWith("kube-system") ? [] : path));
  }

  #network(name: string, subnet: string): Configuration {
    return this.world.network({ subnet, nodeLocal: true, kubeConfig: this.#kubeConfig }, { name });
  }

  [Symbol.dispose](): void {
    this.#api.close();
  }
}

const dbNetwork = (name: string) => ({ name, type: "macvlan", ipam: { type: "kube-ipam", subnet: DB } });

/** Every wish is wrong: no network of the pod fulfils it. */
const LOST: readonly Annotations[] = [
  { "kube-ipam.ip": "10.11.0.7" },
  { "kube-ipam.ip/Web": "10.1.0.7" },
  { "kube-ipam.ips/net7": "10.1.0.10-10.1.0.12" },
  { "kube-ipam.ip/net1": "10.1.0.8" },
  { "kube-ipam.ip/sriov": "10.2.0.8" },
  { "kube-ipam.sticky/net1": "true" },
  {
    "v1.multus-cni.io/default-network": "kube-system/web-definition",
    "kube-ipam.ip/web-definition": "10.1.0.8",
  },
];

for (const wish of LOST) {
  ours("J45", `${JSON.stringify(wish)} beside another plugin's network is refused`, async (world) => {
    using pods = new Pods(world);
    pods.definition("sriov", { name: "sriov", type: "sriov" });
    const pod = pods.pod({ ...wish, [NETWORKS]: "sriov" });
    const text = await pod.refused("eth0", "web", FIRST_NETWORK, { code: 102, text: /kube-ipam\.\w+\/web/ });
    expect(text).toContain("net1 is definition 'sriov' of another plugin");
    expect(await world.held()).toEqual([]);
  });
}

ours(
  "J45",
  "a network that nobody has used yet is looked up by its definition, and fulfils the wish",
  async (world) => {
    using pods = new Pods(world);
    pods.definition("db-definition", dbNetwork("db"));
    const pod = pods.pod({ "kube-ipam.ip": "10.2.0.5", [NETWORKS]: "db-definition" });
    expect(await pod.add("eth0", "web", FIRST_NETWORK)).toHaveLength(1);
    expect(pods.asked().filter((path) => path.includes("definitions"))).toHaveLength(1);
    expect(await pod.add("net1", "db", DB)).toEqual(["10.2.0.5"]);
  },
);

ours(
  "J45",
  "what Kubernetes does not tell is its failure, with the keys that need no answer",
  async (world) => {
    using pods = new Pods(world);
    for (const [status, code] of [
      [403, 104],
      [503, 11],
    ] as const) {
      pods.definition("db", apiStatus(status, status === 403 ? "Forbidden" : "x", "no"));
      const pod = pods.pod({ "kube-ipam.ip": "10.2.0.5", [NETWORKS]: "db" });
      await pod.refused("eth0", "web", FIRST_NETWORK, { code, text: /kube-ipam\.ip\/net1/ });
    }
    pods.definition("db", apiStatus(403, "Forbidden", "no"));
    const scoped = pods.pod({ "kube-ipam.ip/net1": "10.2.0.5", [NETWORKS]: "db" });
    await scoped.add("eth0", "web", FIRST_NETWORK);
    expect(await scoped.add("net1", "db", DB)).toEqual(["10.2.0.5"]);
  },
);

ours("J45", "names of interfaces of one's own: the refusal tells the right keys", async (world) => {
  using pods = new Pods(world);
  pods.definition("db", dbNetwork("db"));
  const list = '[{"name":"db","interface":"pod7e0055a6880"},{"name":"sriov","interface":"pod16477688c0e"}]';
  const pod = pods.pod({ "kube-ipam.ip/net1": "10.2.0.5", [NETWORKS]: list });
  await pod.add("eth0", "web", FIRST_NETWORK);
  const text = /names 'net1'.*kube-ipam\.ip\/db, kube-ipam\.ip\/pod7e0055a6880/;
  await pod.refused("pod7e0055a6880", "db", DB, { code: 102, text });
});

ours("J45", "an ADD whose wish its network fulfils asks nothing more of Kubernetes", async (world) => {
  using pods = new Pods(world);
  const pod = pods.pod({ "kube-ipam.ip": "10.1.0.5", [NETWORKS]: "db,sriov" });
  expect(await pod.add("eth0", "web", FIRST_NETWORK)).toEqual(["10.1.0.5"]);
  expect(pods.asked().filter((path) => path.includes("definitions"))).toEqual([]);
});

ours(
  "J46",
  "a network that every pod gets moves the pod's own: eth0 passes the wish for it on",
  async (world) => {
    using pods = new Pods(world);
    for (const address of ["10.2.0.5", "10.2.0.6"]) {
      const pod = pods.pod({ [NETWORKS]: "db", "kube-ipam.ip/net2": address });
      await pod.add("eth0", "web", FIRST_NETWORK);
      expect(await pod.add("net2", "db", DB)).toEqual([address]);
      // Told, since nobody else could say that it was lost.
      const log = world.place.folder.file("kube-ipam.log");
      await eventually(
        async () => (await Bun.file(log).text()).includes(`kube-ipam.ip/net2: ${address}`) || undefined,
      );
    }
  },
);

for (const key of ["kube-ipam.ip", "kube-ipam.ip/net1", "kube-ipam.ip/db"]) {
  ours("J46", `${key} speaks to a network that every pod gets, once the store knows it`, async (world) => {
    using pods = new Pods(world);
    await pods.pod({}).add("net1", "db", DB);
    const pod = pods.pod({ [key]: "10.2.0.9" });
    await pod.add("eth0", "web", FIRST_NETWORK);
    expect(await pod.add("net1", "db", DB)).toEqual(["10.2.0.9"]);
    const wrong = pods.pod({ [key]: "10.11.0.9" });
    if (key === "kube-ipam.ip") await wrong.refused("eth0", "web", FIRST_NETWORK, { code: 102 });
    else await wrong.refused("net1", "db", DB, { code: 102, text: /10\.11\.0\.9/ });
  });
}

ours("J46", "a plain address of a network that no pod had behind its first one is refused", async (world) => {
  using pods = new Pods(world);
  await pods.pod({}).add("eth0", "db", DB);
  const pod = pods.pod({ "kube-ipam.ip": "10.2.0.9" });
  await pod.refused("eth0", "web", FIRST_NETWORK, { code: 102, text: /write kube-ipam\.ip\/db/ });
});

for (const [what, definition] of [
  ["another plugin's", { name: "db", type: "sriov", ipam: { type: "whereabouts", range: "10.7.0.0/24" } }],
  [
    "called otherwise",
    { name: "team-b", type: "macvlan", ipam: { type: "kube-ipam", subnet: "10.6.0.0/24" } },
  ],
] as const) {
  ours(
    "J55",
    `a definition with a known network's name, which is ${what}, fulfils no wish for that`,
    async (world) => {
      using pods = new Pods(world);
      await pods.pod({}).add("net1", "db", DB);
      pods.definition("db", definition);
      for (const key of ["kube-ipam.ip", "kube-ipam.ip/db"]) {
        const pod = pods.pod({ [key]: "10.2.0.5", [NETWORKS]: "db" });
        await pod.refused("eth0", "web", FIRST_NETWORK, { code: 102, text: /kube-ipam.ip/ });
        if (what === "called otherwise")
          await pod.refused("net1", "team-b", "10.6.0.0/24", { code: 102, text: /kube-ipam.ip/ });
      }
    },
  );
}

ours(
  "J55",
  "a network that every pod gets passes on the wish for the pod's own, which nobody knows yet",
  async (world) => {
    using pods = new Pods(world);
    pods.definition("db-definition", dbNetwork("db"));
    for (const [key, address] of [
      ["kube-ipam.ip", "10.2.0.5"],
      ["kube-ipam.ip/net2", "10.2.0.6"],
    ] as const) {
      const pod = pods.pod({ [key]: address, [NETWORKS]: "db-definition" });
      expect(await pod.add("net1", "all", "10.4.0.0/24")).toHaveLength(1);
      expect(await pod.add("net2", "db", DB)).toEqual([address]);
    }
  },
);

ours(
  "J56",
  "the addresses of the pod's list count where the definition lacks the capability ips",
  async (world) => {
    using pods = new Pods(world);
    const list = (...ips: string[]) => JSON.stringify([{ name: "db", ips }]);
    const pod = pods.pod({ [NETWORKS]: list("10.2.0.5/24") });
    expect(await pod.add("eth0", "web", FIRST_NETWORK)).toHaveLength(1);
    expect(await pod.add("net1", "db", DB)).toEqual(["10.2.0.5"]);
    const outside = pods.pod({ [NETWORKS]: list("10.7.0.5") });
    await outside.refused("net1", "db", DB, { code: 102, text: /10\.7\.0\.5/ });
    const differing = pods.pod({ [NETWORKS]: list("10.2.0.6"), "kube-ipam.ip/net1": "10.2.0.7" });
    await differing.refused("net1", "db", DB, { code: 7, text: /10\.2\.0\.6.*|10\.2\.0\.7/ });
  },
);
