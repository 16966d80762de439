import { expect } from "bun:test";
import {
  apiStatus,
  controller,
  type FakeApi,
  object,
  startFakeApi,
} from "../../src/kubernetes/testing/fake-api.ts";
import { ours } from "../kit/case.ts";
import { json, operatorOf } from "../kit/cli.ts";
import { addressesOf } from "../kit/cni.ts";
import { podArgs } from "../kit/shown-objects.ts";
import type { Configuration, World } from "../kit/world.ts";

/** docs/behaviour.md J85 to J93: what pods get again, what ends when they ask for something else, and who owns it. */

type Annotations = Readonly<Record<string, string>>;

interface Reserved {
  readonly address: string;
  readonly owner: { readonly kind: string; readonly name: string };
}

/** A cluster whose pods ask for addresses of one network. */
class Pods implements Disposable {
  readonly api: FakeApi = startFakeApi();
  readonly #kubeConfig = this.api.kubeConfig();
  #count = 0;

  constructor(readonly world: World) {
    this.api.answers.set("/api/v1/namespaces/kube-system", object("kube-system", "cluster"));
    this.api.answers.set("/api/v1/namespaces/default/pods", () => ({ items: this.#pods() }));
  }

  network(ipam: Configuration = {}): Configuration {
    return this.world.network({
      subnet: "10.1.0.0/24",
      nodeLocal: true,
      kubeConfig: this.#kubeConfig,
      ...ipam,
    });
  }

  /** A new pod of this name, and a sandbox for it. `end`: its DEL, and the pod is gone. */
  make(name: string, annotations: Annotations, owner?: object) {
    const number = this.#count++;
    const uid = `uid-${number}`;
    const path = `/api/v1/namespaces/default/pods/${name}`;
    const ownerReferences = owner === undefined ? [] : [owner];
    this.api.answers.set(
      path,
      object(name, uid, { annotations, ownerReferences, status: { phase: "Running" } }),
    );
    const call = { container: `c${number}`, args: podArgs(name, uid) };
    return {
      add: async (network = this.network()) => addressesOf(await this.world.add(network, call))[0] ?? "",
      end: async () => {
        await this.world.del(this.network(), call);
        this.api.answers.delete(path);
      },
    };
  }

  show(address: string): Promise<string> {
    return operatorOf(this.world, this.network())("ip", "show", address).then(({ stdout }) => stdout);
  }

  /** Every reserved address, with its owner. */
  async reserved(): Promise<string[]> {
    const list = operatorOf(this.world, this.network())("ip", "list", "--state", "reserved", "-o", "json");
    return (await json<Reserved[]>(list)).map(
      ({ address, owner }) => `${address} ${owner.kind} ${owner.name}`,
    );
  }

  #pods(): object[] {
    const pods = [...this.api.answers].filter(([path]) => /\/pods\/./.test(path));
    return pods.map(([, pod]) => pod as object);
  }

  [Symbol.dispose](): void {
    this.api.close();
  }
}

const SET = "/apis/apps/v1/namespaces/default/statefulsets/s";
const IPS = { "kube-ipam.ips": "10.1.0.20-10.1.0.22" };
const STICKY = { "kube-ipam.sticky": "true" };

for (const [apiVersion, kind] of [
  ["apps.kruise.io/v1beta1", "StatefulSet"],
  ["core.strimzi.io/v1beta2", "StrimziPodSet"],
  ["postgresql.cnpg.io/v1", "Cluster"],
] as const)
  for (const wish of [IPS, STICKY])
    ours(
      "J85",
      `pods of ${kind} (${apiVersion}) have theirs again by ${Object.keys(wish)}`,
      async (world) => {
        using pods = new Pods(world);
        const owner = controller(apiVersion, kind, "s", "uid-s");
        const had = new Map<string, string>();
        for (const names of [
          ["s-1", "s-2", "s-0"],
          ["s-0", "s-2", "s-1"],
          ["s-2", "s-0", "s-1"],
        ]) {
          const made = names.map((name) => ({ name, pod: pods.make(name, wish, owner) }));
          for (const { name, pod } of made) {
            const address = await pod.add();
            expect(address).toBe(had.get(name) ?? address);
            had.set(name, address);
          }
          for (const { pod } of made) await pod.end();
        }
        expect(new Set(had.values()).size).toBe(3);
        if (kind === "StatefulSet" && wish === IPS) expect(had.get("s-1")).toBe("10.1.0.21");
        expect(await pods.reserved()).toHaveLength(3);
      },
    );

ours(
  "J86",
  "what a pod that comes back asked for before ends: a bare pod's, a StatefulSet's",
  async (world) => {
    using pods = new Pods(world);
    pods.api.answers.set(SET, object("s", "uid-s"));
    for (const [name, owner] of [
      ["b", undefined],
      ["s-0", controller("apps/v1", "StatefulSet", "s", "uid-s")],
    ] as const) {
      for (const address of ["10.1.0.51", "10.1.0.52", "10.1.0.53"]) {
        const pod = pods.make(name, { "kube-ipam.ip": address }, owner);
        expect(await pod.add()).toBe(address);
        const reserved = await pods.reserved();
        expect(reserved.map((text) => text.split(" ")[0])).toEqual([address]);
        await pod.end();
      }
      const without = pods.make(name, {}, owner);
      await without.add();
      expect(await pods.reserved()).toEqual([]);
      await without.end();
    }
  },
);

ours(
  "J89",
  "a Deployment's former address ends, with the old pod where that still holds it",
  async (world) => {
    using pods = new Pods(world);
    const above = controller("apps/v1", "Deployment", "web", "d");
    const revision = (number: number, annotations: Annotations) => {
      const name = `web-${number}`;
      const template = { metadata: { annotations } };
      const apps = "/apis/apps/v1/namespaces/default";
      pods.api.answers.set(`${apps}/replicasets/${name}`, object(name, name, { ownerReferences: [above] }));
      pods.api.answers.set(`${apps}/deployments/web`, object("web", "d", { spec: { template } }));
      return pods.make(`${name}-x7k2p`, annotations, controller("apps/v1", "ReplicaSet", name, name));
    };
    const first = revision(1, { "kube-ipam.ip": "10.1.0.61" });
    await first.add();
    const second = revision(2, { "kube-ipam.ip": "10.1.0.62" });
    await second.add();
    expect(await pods.reserved()).toEqual(["10.1.0.61 Deployment web", "10.1.0.62 Deployment web"]);
    expect(await pods.show("10.1.0.61")).toContain("10.1.0.62; this reservation ends with its holder");
    await first.end();
    expect(await pods.reserved()).toEqual(["10.1.0.62 Deployment web"]);
    await second.end();
    await revision(3, {}).add();
    expect(await pods.reserved()).toEqual([]);
  },
);

ours(
  "J91",
  "a sticky address that is excluded, or the gateway by now, is replaced for good",
  async (world) => {
    using pods = new Pods(world);
    pods.api.answers.set(SET, object("s", "uid-s"));
    const make = () => pods.make("s-0", STICKY, controller("apps/v1", "StatefulSet", "s", "uid-s"));
    let before = "";
    for (const change of [
      () => ({}),
      (it: string) => ({ exclude: [`${it}/32`] }),
      (it: string) => ({ gateway: it }),
    ]) {
      const network = pods.network(change(before));
      for (const _again of [1, 2]) {
        const pod = make();
        const address = await pod.add(network);
        if (_again === 1) expect(address).not.toBe(before);
        else expect(address).toBe(before);
        before = address;
        await pod.end();
        expect(await pods.reserved()).toEqual([`${address} StatefulSet s`]);
      }
    }
  },
);

ours(
  "J93",
  "a DeploymentConfig's rollouts keep one sticky address; without the right, each has its own",
  async (world) => {
    using pods = new Pods(world);
    const above = controller("apps.openshift.io/v1", "DeploymentConfig", "db", "DC");
    const rollout = async (number: number, forbidden = false) => {
      const name = `db-${number}`;
      const path = `/api/v1/namespaces/default/replicationcontrollers/${name}`;
      const shown = object(name, name, { ownerReferences: [above] });
      pods.api.answers.set(path, forbidden ? apiStatus(403, "Forbidden", "no") : shown);
      const pod = pods.make(`${name}-x7k2p`, STICKY, controller("v1", "ReplicationController", name, name));
      const address = await pod.add();
      await pod.end();
      return address;
    };
    const address = await rollout(1);
    expect(await rollout(2)).toBe(address);
    expect(await pods.reserved()).toEqual([`${address} DeploymentConfig db`]);
    const other = await rollout(3, true);
    expect(await pods.reserved()).toContain(`${other} ReplicationController db-3`);
  },
);
