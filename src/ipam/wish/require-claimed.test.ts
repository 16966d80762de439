import { describe, expect, test } from "bun:test";
import { parseCidr } from "../../address/cidr.ts";
import { createMemoryStore } from "../../store/memory/memory-store.ts";
import type { DefinedNetwork } from "../cluster-port.ts";
import { IpamError } from "../errors.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { FakeNode } from "../testing/fake-node.ts";
import { holder } from "../testing/hand-over.ts";
import { network } from "../testing/networks.ts";
import type { Annotations } from "./annotation.ts";
import { readAnnotations } from "./annotations.ts";
import { requireClaimed } from "./require-claimed.ts";

const NETWORKS = "k8s.v1.cni.cncf.io/networks";
const STORED = { db: "10.9.0.0/24", st: "10.7.0.0/24" };
const POD = { namespace: "default", name: "p" };

interface Situation {
  /** The interface that is judged, of network "web" with 10.1.2.0/24 unless it is named. */
  readonly ifname?: string;
  readonly name?: string;
  readonly subnet?: string;
  /** Those of them that have served another interface than the first. */
  readonly further?: readonly string[];
  /** What the store knows: network -> subnet. */
  readonly stored?: Readonly<Record<string, string>>;
  /** Interface -> network, of the same container. */
  readonly attached?: Readonly<Record<string, string>>;
  readonly definitions?: Readonly<Record<string, DefinedNetwork>>;
  readonly failure?: IpamError;
}

const ours = (name: string, subnet: string): DefinedNetwork => ({
  kind: "ours",
  name,
  subnets: [parseCidr(subnet)],
});

async function judged(
  annotations: Annotations,
  { ifname = "eth0", name = "web", subnet = "10.1.2.0/24", ...more }: Situation = {},
) {
  const { attached = {}, definitions = {}, failure, stored = STORED } = more;
  const [store, node, cluster] = [createMemoryStore(), new FakeNode("n1"), new FakeCluster()];
  const deadline = performance.now() + 1_000;
  const puts = Object.entries(stored).map(
    ([of, text]) =>
      ({
        ref: { kind: "network", name: of },
        record: {
          version: 1,
          space: "default",
          subnets: [text],
          ...(more.further?.includes(of) && { further: true }),
        },
      }) as const,
  );
  await store.commit({ guards: [], puts, deletes: [] }, { deadline });
  for (const [other, of] of Object.entries(attached)) {
    const attachment = { network: of, container: "c1", ifname: other };
    node.journal.write({
      version: 1,
      holder: holder({ attachment }),
      space: "default",
      addresses: [],
      storeUuid: "",
    });
  }
  for (const [key, definition] of Object.entries(definitions))
    cluster.definitions.set(`default/${key}`, definition);
  cluster.failure = failure;
  const asked = { network: network(name, subnet), ifname };
  const attachment = { network: name, container: "c1", ifname };
  const said = await (async () => {
    const { unclaimed } = readAnnotations(annotations, asked);
    const question = { ...asked, attachment, pod: POD };
    const left = await requireClaimed(unclaimed, annotations, question, { store, node, cluster }, deadline);
    return left.length === 0 ? "claimed" : `passed on ${left.map(({ key }) => key)}`;
  })().catch((error: unknown) => {
    if (!(error instanceof IpamError)) throw error;
    return `${error.code} ${error.message}; ${error.details}`;
  });
  return { said, calls: cluster.calls };
}

const say = async (annotations: Annotations, situation?: Situation) =>
  (await judged(annotations, situation)).said;

describe("an address that this network does not hold", () => {
  test("is error 102 at once where the pod names no further networks and no known network has it", async () => {
    expect(await say({ "kube-ipam.ip": "10.8.0.5" })).toBe(
      "102 address 10.8.0.5 (kube-ipam.ip) is in no subnet of the pod's networks; " +
        "the pod's only network is 'web' with 10.1.2.0/24; correct the annotation or the network",
    );
  });

  test("J46: is passed on where a known network has it that pods get behind their first one", async () => {
    const behind = { further: ["db"] };
    expect(await say({ "kube-ipam.ip": "10.9.0.5" }, behind)).toBe("passed on kube-ipam.ip");
    expect(await say({ "kube-ipam.ips": "10.9.0.5-10.9.0.9" }, behind)).toBe("passed on kube-ipam.ips");
  });

  test("J46: is error 102 where that network was a first one only, as that of another rack", async () => {
    expect(await say({ "kube-ipam.ip": "10.9.0.5" }, { further: ["st"] })).toBe(
      "102 address 10.9.0.5 (kube-ipam.ip) is in no subnet of the pod's networks; " +
        "the pod's only network is 'web' with 10.1.2.0/24; network 'db' has it: attach the pod to that, " +
        "or, if every pod gets it, write kube-ipam.ip/db; correct the annotation or the network",
    );
  });

  test("is another's when a known network of the pod holds it, by one look at its definition", async () => {
    for (const [key, value] of [
      ["ip", "10.9.0.5"],
      ["ips", "10.9.0.5-10.9.0.9"],
    ])
      expect(await judged({ [`kube-ipam.${key}`]: value ?? "", [NETWORKS]: "db,sriov" })).toEqual({
        said: "claimed",
        calls: ["definition default/db"],
      });
  });

  test("J45: is another's when the definition of a network says so, by one request for each", async () => {
    const definitions = { other: ours("lan", "10.8.0.0/24"), sriov: { kind: "foreign" } } as const;
    const annotations = { "kube-ipam.ip": "10.8.0.5", [NETWORKS]: "db,sriov,other" };
    expect(await judged(annotations, { definitions })).toEqual({
      said: "claimed",
      calls: ["definition default/db", "definition default/sriov", "definition default/other"],
    });
  });

  test("J45: is error 102 beside a network of another plugin, naming the pod's own networks", async () => {
    const annotations = { "kube-ipam.ip": "10.8.0.5", [NETWORKS]: "db,sriov,gone,odd" };
    const definitions = { sriov: { kind: "foreign" }, odd: { kind: "unreadable", why: "no JSON" } } as const;
    expect(await say(annotations, { definitions })).toBe(
      "102 address 10.8.0.5 (kube-ipam.ip) is in no subnet of the pod's networks; of the pod's interfaces eth0 is 'web' with " +
        "10.1.2.0/24, net1 is 'db' with 10.9.0.0/24, net2 is definition 'sriov' of another plugin, net3 is definition 'gone' " +
        "that does not exist, net4 is definition 'odd' that cannot be read (no JSON); say for which network: kube-ipam.ip/web, " +
        "kube-ipam.ip/eth0, kube-ipam.ip/db, kube-ipam.ip/net1, kube-ipam.ip/net3, kube-ipam.ip/net4; " +
        "correct the annotation or the network",
    );
  });

  test("J45: is the failure of Kubernetes where only that could have told", async () => {
    const annotations = { "kube-ipam.ip": "10.8.0.5", [NETWORKS]: "other" };
    const down = new IpamError("tryAgain", "the API server does not answer");
    expect(await say(annotations, { failure: down })).toStartWith(
      "11 cannot tell which network of the pod is meant with kube-ipam.ip (10.8.0.5): the API server does not answer; " +
        "of the pod's interfaces",
    );
    const forbidden = new IpamError("kubernetesRefused", "not allowed", "bind it");
    expect(await say(annotations, { failure: forbidden })).toMatch(
      /^104 .*not allowed; bind it; .*kube-ipam\.ip\/net1/,
    );
    // The way out that the error names.
    expect(await say({ "kube-ipam.ip/net1": "10.8.0.5", [NETWORKS]: "other" }, { failure: forbidden })).toBe(
      "passed on kube-ipam.ip/net1",
    );
  });

  test("is error 102 when only a network holds it that is not in the pod's list", async () => {
    expect(await say({ "kube-ipam.ip": "10.7.0.5", [NETWORKS]: "db" })).toStartWith("102 address 10.7.0.5");
  });

  test("is error 102 at the last network at the latest", async () => {
    const last = { ifname: "net2" };
    expect(await judged({ "kube-ipam.ip": "10.8.0.5", [NETWORKS]: "unheard-of,web" }, last)).toMatchObject({
      said: expect.stringMatching(/^102 address 10\.8\.0\.5/),
      calls: [],
    });
  });

  test("is another's where a network has it that the container is attached to already", async () => {
    const annotations = { "kube-ipam.ip": "10.7.0.5", [NETWORKS]: "web" };
    expect(await say(annotations, { ifname: "net1", attached: { eth0: "st" } })).toBe("claimed");
    expect(await say(annotations, { ifname: "net1", attached: { eth0: "db" } })).toStartWith("102 address");
  });

  test("is error 102 when a range of it only begins in a known network", async () => {
    expect(await say({ "kube-ipam.ips": "10.9.0.250-10.9.1.5", [NETWORKS]: "db" })).toStartWith(
      "102 address 10.9.0.250-10.9.1.5",
    );
  });
});

describe("a key that names another network or interface", () => {
  test("is the other's when the pod has it and it is known", async () => {
    for (const suffix of ["net1", "db"])
      expect(await say({ [`kube-ipam.ip/${suffix}`]: "10.9.0.5", [NETWORKS]: "db" })).toBe("claimed");
  });

  test("J45: is error 102 when that network is another plugin's", async () => {
    const definitions = { sriov: { kind: "foreign" } } as const;
    for (const suffix of ["net1", "sriov"])
      for (const word of ["ip", "ips", "sticky", "retain"])
        expect([
          suffix,
          word,
          await say({ [`kube-ipam.${word}/${suffix}`]: "10.8.0.5", [NETWORKS]: "sriov" }, { definitions }),
        ]).toEqual([
          suffix,
          word,
          expect.stringMatching(/^102 annotation .* which is not known to have its addresses/),
        ]);
  });

  test("J45: is error 102 when it names a definition whose network is called otherwise", async () => {
    const definitions = { "lan-definition": ours("lan", "10.8.0.0/24") };
    const of = (suffix: string) =>
      say({ [`kube-ipam.ip/${suffix}`]: "10.8.0.5", [NETWORKS]: "lan-definition" }, { definitions });
    expect(await of("lan")).toBe("claimed");
    expect(await of("net1")).toBe("claimed");
    expect(await of("lan-definition")).toContain("which is a definition: its network is called 'lan'; ");
  });

  test("J45: is error 102 when the pod has no such network or interface", async () => {
    const own = "10.1.2.5";
    for (const [suffix, value] of [
      ["Web", own],
      ["net7", own],
      ["net2", own],
      ["net9", "10.8.0.5"],
      ["nowhere", "10.8.0.5"],
      ["eth1", "10.9.0.5"],
    ] as const)
      expect([suffix, await say({ [`kube-ipam.ip/${suffix}`]: value, [NETWORKS]: "db" })]).toEqual([
        suffix,
        expect.stringContaining(
          `102 annotation kube-ipam.ip/${suffix} names '${suffix}', which is not a network or interface`,
        ),
      ]);
    expect(await say({ "kube-ipam.ip/net1": own })).toStartWith("102 ");
  });

  test("J45: with names of interfaces of one's own, the error tells the right ones", async () => {
    const list = '[{"name":"db","interface":"pod7e"},{"name":"sriov","interface":"pod16"}]';
    const asked = { ifname: "pod7e", name: "db", subnet: "10.9.0.0/24", attached: { eth0: "web" } };
    const said = await say({ "kube-ipam.ip/net1": "10.9.0.5", [NETWORKS]: list }, asked);
    expect(said).toStartWith("102 annotation kube-ipam.ip/net1 names 'net1', which is not a network");
    expect(said).toContain("say for which network: kube-ipam.ip/db, kube-ipam.ip/pod7e, kube-ipam.ip/pod16");
  });

  test("is the first interface's only where that has addresses of ours", async () => {
    for (const list of ["web", ""]) {
      const annotations = { "kube-ipam.ip/eth0": "10.9.0.5", [NETWORKS]: list };
      expect(await say(annotations, { ifname: "net1", attached: { eth0: "db" } })).toBe("claimed");
      expect(await say(annotations, { ifname: "net1" })).toStartWith(
        "102 annotation kube-ipam.ip/eth0 names 'eth0'",
      );
    }
  });

  test("J45: names an earlier network that was not attached by us: error 102", async () => {
    const annotations = { "kube-ipam.ip/net1": "10.8.0.5", [NETWORKS]: "sriov,web" };
    expect(await say(annotations, { ifname: "net2" })).toStartWith("102 annotation kube-ipam.ip/net1");
    expect(await say(annotations, { ifname: "net2", attached: { net1: "lan" } })).toBe("claimed");
  });

  test("is error 102 when it names this network's definition, and not its configuration", async () => {
    const annotations = { "kube-ipam.ip/web-definition": "10.1.2.5", [NETWORKS]: "web-definition" };
    expect(await say(annotations, { ifname: "net1" })).toStartWith(
      "102 annotation kube-ipam.ip/web-definition",
    );
  });
});

describe("J55: what a definition says goes before what its name suggests", () => {
  const named = { db: ours("team-b", "10.8.0.0/24") };
  const inNet1 = { ifname: "net1", name: "team-b", subnet: "10.8.0.0/24", definitions: named };

  test("a definition of another plugin with a known network's name fulfils nothing", async () => {
    const definitions = { db: { kind: "foreign" } } as const;
    for (const [key, value] of [
      ["ip", "10.9.0.5"],
      ["ips", "10.9.0.5-10.9.0.9"],
      ["ip/db", "10.9.0.5"],
      ["sticky/db", "true"],
      ["retain/net1", "keep"],
    ])
      expect([
        key,
        await say({ [`kube-ipam.${key}`]: value ?? "", [NETWORKS]: "db" }, { definitions }),
      ]).toEqual([key, expect.stringMatching(/^102 /)]);
  });

  test("one whose network is called otherwise is not the known network of its name", async () => {
    for (const situation of [{ definitions: named }, inNet1]) {
      const of = (key: string, value: string) =>
        say({ [`kube-ipam.${key}`]: value, [NETWORKS]: "db" }, situation);
      expect(await of("ip", "10.9.0.5")).toStartWith("102 address 10.9.0.5");
      for (const value of ["10.8.0.5", "10.9.0.5"])
        expect(await of("ip/db", value)).toContain("which is a definition: its network is called 'team-b'; ");
    }
    for (const key of ["ip", "ip/team-b", "ip/net1"])
      expect([
        key,
        await say({ [`kube-ipam.${key}`]: "10.8.0.5", [NETWORKS]: "db" }, { definitions: named }),
      ]).toEqual([key, "claimed"]);
  });

  test("the name counts where the definition is not to be had, and where Kubernetes fails it is told", async () => {
    const failures = [new IpamError("tryAgain", "no answer"), new IpamError("kubernetesRefused", "403")];
    const unreadable = { definitions: { db: { kind: "unreadable", why: "no JSON" } } } as const;
    for (const key of ["ip", "ip/db", "ip/net1"]) {
      const of = (situation?: Situation) =>
        say({ [`kube-ipam.${key}`]: "10.9.0.5", [NETWORKS]: "db" }, situation);
      expect([key, await of(), await of(unreadable)]).toEqual([key, "claimed", "claimed"]);
      for (const failure of failures) expect(await of({ failure })).toBe(`passed on kube-ipam.${key}`);
    }
  });

  test("an interface that every pod gets is not the one whose number it has", async () => {
    const first = {
      ifname: "net1",
      definitions: { lan: ours("other", "10.8.0.0/24"), sriov: { kind: "foreign" } },
    } as const;
    for (const list of ["lan", "sriov,lan"]) {
      for (const key of ["ip", "ip/other"])
        expect([key, await say({ [`kube-ipam.${key}`]: "10.8.0.5", [NETWORKS]: list }, first)]).toEqual([
          key,
          "claimed",
        ]);
      expect(await say({ "kube-ipam.ip/net3": "10.8.0.5", [NETWORKS]: list }, first)).toBe(
        "passed on kube-ipam.ip/net3",
      );
      expect(await say({ "kube-ipam.ip": "10.7.0.5", [NETWORKS]: list }, first)).toStartWith("102 ");
    }
  });
});

describe("J46: networks that every pod gets, before those that it names", () => {
  test("a key that names one is passed on by the first interface", async () => {
    for (const [key, value] of [
      ["ip/net1", "10.9.0.9"],
      ["ip/db", "10.9.0.9"],
      ["sticky/net1", "true"],
      ["sticky/db", "true"],
    ])
      expect([key, await say({ [`kube-ipam.${key}`]: value ?? "" })]).toEqual([
        key,
        `passed on kube-ipam.${key}`,
      ]);
    expect(await say({ "kube-ipam.ip/st": "10.7.0.9", [NETWORKS]: "db" })).toBe("passed on kube-ipam.ip/st");
  });

  test("they move up the number of a network that the pod names", async () => {
    const annotations = { "kube-ipam.ip/net2": "10.9.0.5", [NETWORKS]: "db" };
    expect(await say(annotations)).toBe("passed on kube-ipam.ip/net2");
    expect(await say(annotations, { stored: {} })).toBe("passed on kube-ipam.ip/net2");
    expect(await say(annotations, { ifname: "net2", name: "db", subnet: "10.9.0.0/24" })).toBe("claimed");
    expect(
      await say(
        { "kube-ipam.ip/net3": "10.9.0.5", [NETWORKS]: "st,db" },
        { ifname: "net2", name: "st", subnet: "10.7.0.0/24" },
      ),
    ).toBe("claimed");
    expect(
      await say(
        { "kube-ipam.ip/net4": "10.9.0.5", [NETWORKS]: "st,db" },
        { ifname: "net2", name: "st", subnet: "10.7.0.0/24" },
      ),
    ).toStartWith("102 ");
  });

  test("one of them may have the number that the pod's list gives to another plugin's network", async () => {
    const definitions = { sriov: { kind: "foreign" } } as const;
    const of = (value: string) => say({ "kube-ipam.ip/net1": value, [NETWORKS]: "sriov" }, { definitions });
    expect(await of("10.9.0.5")).toBe("passed on kube-ipam.ip/net1");
    expect(await of("10.8.0.5")).toStartWith("102 ");
  });

  test("one of them refuses what no later one can be", async () => {
    const second = { ifname: "net2", attached: { eth0: "db", net1: "st" } };
    expect(await say({ "kube-ipam.ip/net1": "10.7.0.9", "kube-ipam.ip/eth0": "10.9.0.9" }, second)).toBe(
      "claimed",
    );
    expect(await say({ "kube-ipam.ip/net1": "10.7.0.9" }, { ifname: "net2" })).toStartWith("102 ");
    expect(await say({ "kube-ipam.ip/net3": "10.7.0.9" }, { ifname: "net2" })).toBe(
      "passed on kube-ipam.ip/net3",
    );
  });
});

test("CAPPED: no more than eight definitions are read, and 64 entries of the list", async () => {
  const list = Array.from({ length: 5_000 }, (_, index) => `n${index}`).join(",");
  const { calls, said } = await judged({ "kube-ipam.ip": "10.8.0.5", [NETWORKS]: list });
  expect([calls.length, said.slice(0, 4)]).toEqual([8, "102 "]);
  expect(said.length).toBeLessThan(3_000);
});
