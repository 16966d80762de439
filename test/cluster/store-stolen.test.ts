import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parseAddress } from "../../src/address/address.ts";
import { readIdentity, replaceIdentity } from "../../src/ipam/integrity/replace-identity.ts";
import { refTo } from "../../src/ipam/ref-to.ts";
import { reserveAddress } from "../../src/ipam/reserve/reserve.ts";
import { FakeNode } from "../../src/ipam/testing/fake-node.ts";
import { add, named } from "../../src/ipam/testing/world.ts";
import { PROGRAMS, withoutKubernetes } from "../kit/kubernetes.ts";
import { accountConfig } from "../kit/kubernetes-role.ts";
import { run } from "../kit/run.ts";
import { type StoreNodes, startStoreNodes } from "../kit/store-nodes.ts";

/** What a stranger can do to the records with the credential of a node, or with rights that somebody gave him. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`stolen credentials of the store: ${missing}`, () => {});

const HELD = "default.010.001.002.050";
const RESERVED = "default.010.001.002.060";
const OWN = "default.010.001.002.070";
const soon = () => ({ deadline: performance.now() + 10_000 });

interface Stored {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: object };
  readonly spec: Readonly<Record<string, unknown>>;
}

describe.skipIf(missing !== undefined)("a stranger with the credential of node a", () => {
  let world: StoreNodes;

  beforeAll(async () => {
    world = await startStoreNodes();
    const b = world.ports("b", new FakeNode("b", "boot-b"));
    const controller = world.ports("controller", new FakeNode(""));
    await add(b, "c1", { wish: named("10.1.2.50") });
    await add(world.ports("a", new FakeNode("a")), "c2", { wish: named("10.1.2.70") });
    const wish = {
      space: "default",
      owner: { kind: "Note", namespace: "", name: "printer" },
      retain: "keep",
    };
    await reserveAddress(parseAddress("10.1.2.60"), wish as never, controller, soon());
  }, 120_000);
  afterAll(() => world?.[Symbol.asyncDispose]());

  async function as(config: string, ...command: string[]): Promise<string> {
    const { kubernetes } = world;
    const finished = await run([join(PROGRAMS, "kubectl"), `--kubeconfig=${config}`, ...command], {
      env: { HOME: kubernetes.folder.path },
    });
    return finished.exitCode === 0 ? "done" : finished.stderr;
  }

  async function stored(name: string, resource = "addressrecords"): Promise<Stored> {
    return world.kubernetes.request("GET", `/apis/store.kube-ipam.io/v1/${resource}/${name}`);
  }

  /** One write of an object as a whole. */
  async function write(verb: "replace" | "create", object: object, config = world.config.a): Promise<string> {
    const path = world.kubernetes.folder.file("written.json");
    await Bun.write(path, JSON.stringify(object));
    return as(config, verb, "-f", path);
  }

  async function replaced(name: string, spec: object, resource?: string): Promise<string> {
    const was = await stored(name, resource);
    return write("replace", { ...was, spec: { ...was.spec, ...spec } });
  }

  function made(kind: "AddressRecord" | "StoreRecord", name: string, spec: object, metadata: object = {}) {
    const labels = kind === "AddressRecord" ? { "store.kube-ipam.io/has": "a" } : {};
    return {
      apiVersion: "store.kube-ipam.io/v1",
      kind,
      metadata: { name, labels, ...metadata },
      spec: { records: "[]", written: "w", ...spec },
    };
  }

  test("K267: takes nothing that another node holds, in any way, and puts nothing on it", async () => {
    const others = "node a may not add, change or remove what another node holds";
    const [{ spec }, own] = [await stored(HELD), await stored(OWN)];
    const [holder = {}] = spec.holders as object[];
    const mine = (own.spec.holders as object[])[0] ?? {};
    const tries: Readonly<Record<string, Promise<string> | string>> = {
      "frees it by DELETE": await as(world.config.a, "delete", "kaddr", HELD),
      "the same with the agent's credential": await as(world.config.agentOfA, "delete", "kaddr", HELD),
      "frees it by PUT": await replaced(HELD, { holders: [], attachments: [], records: "[]" }),
      "takes it by PUT": await replaced(HELD, { holders: [mine] }),
      "prepares to free it": await replaced(HELD, {
        prepared: { transaction: "t", records: "[]", holders: [], attachments: [] },
      }),
      "prepares to take it": await replaced(HELD, {
        prepared: { transaction: "t", records: "[]", holders: [mine], attachments: spec.attachments },
      }),
      "changes what is known of the holder": await replaced(HELD, { holders: [{ ...holder, digest: "0" }] }),
      "changes its attachment": await replaced(HELD, { attachments: [{ node: "b", digest: "0" }] }),
      "drops its attachment": await replaced(HELD, { attachments: [] }),
      "makes it a holder elsewhere": await write(
        "create",
        made("AddressRecord", "default.010.001.002.080", { holders: [holder] }),
      ),
      "adds it to an address of its own": await replaced(OWN, { holders: [mine, holder] }),
    };
    for (const [what, answer] of Object.entries(tries)) expect(`${what}: ${await answer}`).toContain(others);
    expect(await stored(HELD)).toMatchObject({ spec });
  }, 60_000);

  test("K267: writes records of another node's that its objects do not say: then nobody believes them", async () => {
    const before = await stored(HELD);
    expect(await replaced(HELD, { records: "[]" })).toBe("done");
    const b = world.ports("b", new FakeNode("b", "boot-b"));
    const ref = refTo.allocation("default", parseAddress("10.1.2.50"));
    const read = await b.store.read({ refs: [ref] }, soon()).catch((failure: unknown) => String(failure));
    expect(read).toContain("spec.holders does not say what its records say");
    const { spec } = await stored(HELD);
    expect(await replaced(HELD, { ...spec, records: before.spec.records })).toBe("done");
  }, 60_000);

  test("K267: neither hides what another node holds from who looks for it, nor has Kubernetes remove anything", async () => {
    const was = await stored(HELD);
    const has = { ...was.metadata, labels: { "store.kube-ipam.io/has": "" } };
    const found = { ...was.metadata, labels: { "store.kube-ipam.io/has": "a" } };
    for (const metadata of [has, found])
      expect(await write("replace", { ...was, metadata })).toContain("labels of this record");
    const owner = { apiVersion: "v1", kind: "Pod", name: "none", uid: "u" };
    for (const metadata of [{ ownerReferences: [owner] }, { finalizers: ["example.com/for-ever"] }])
      expect(await write("replace", { ...was, metadata: { ...was.metadata, ...metadata } })).toContain(
        "neither owners nor finalizers",
      );
  }, 60_000);

  test("K267: touches no operator's reservation, and makes none", async () => {
    const operators = "operator's reservation";
    expect(await as(world.config.a, "delete", "kaddr", RESERVED)).toContain(operators);
    for (const spec of [
      { reservedBy: "automatic" },
      { reservedFor: "Note mine" },
      { reservedBy: undefined, reservedFor: undefined, records: "[]" },
      { prepared: { transaction: "t", records: "[]" } },
    ])
      expect(await replaced(RESERVED, spec)).toContain(operators);
    const reserved = { reservedBy: "operator", reservedFor: "Note mine", holders: [] };
    const labels = { labels: { "store.kube-ipam.io/has": "r" } };
    expect(
      await write("create", made("AddressRecord", "default.010.001.002.081", reserved, labels)),
    ).toContain(operators);
    const ranges = made("StoreRecord", "reservedranges.default", {
      ref: '["reservedRanges","default"]',
      ranges: { count: 1, digest: "0" },
    });
    expect(await write("create", ranges)).toContain("may not reserve or release ranges");
  }, 60_000);

  test("K267: neither ends a recovery or a suspicion, nor gives the store another identity", async () => {
    const controller = world.ports("controller", new FakeNode(""));
    const present = await readIdentity(controller, soon());
    if (present === undefined) throw new Error("the store has no identity");
    const recovering = { ...present.record, state: "recovering", recovery: "r1", epoch: 9 } as const;
    expect(await replaceIdentity(recovering, present, controller, soon())).toBe(true);
    const { identity } = (await stored("meta", "storerecords")).spec as { identity: object };
    const only = "may raise the epoch of the store and suspect it, and nothing else";
    for (const change of [{ state: "ready" }, { uuid: "mine" }, { epoch: 8 }, { recovery: "r0" }])
      expect(
        `${JSON.stringify(change)} ${await replaced("meta", { identity: { ...identity, ...change } }, "storerecords")}`,
      ).toContain(only);
    const prepared = { transaction: "t", records: "[]", identity: { ...identity, state: "ready" } };
    expect(await replaced("meta", { prepared }, "storerecords")).toContain(only);
    expect(await replaced("meta", { identity: undefined, records: "[]" }, "storerecords")).toContain(only);
    expect(await as(world.config.a, "delete", "storerecord", "meta")).toContain(only);
    // What was moved away stays closed: a suspicion could be ended by a recovery.
    const before = await readIdentity(controller, soon());
    const away = { move: "m1", to: "etcd", since: "" };
    const moved = { ...recovering, state: "moved", moved: away } as const;
    expect(await replaceIdentity(moved, before, controller, soon())).toBe(true);
    const closed = (await stored("meta", "storerecords")).spec as { identity: object };
    const reopened = { identity: { ...closed.identity, state: "suspect" } };
    expect(await replaced("meta", reopened, "storerecords")).toContain(only);
  }, 60_000);

  test("K267: decides no transaction of another node's, but may abort one that is not decided", async () => {
    const decision = (name: string, node: string, verdict: string) =>
      made("StoreRecord", `decision.${name}`, { node, verdict });
    const foreign = "may not decide a transaction of node";
    expect(await write("create", decision("d1", "b", "pending"))).toContain(foreign);
    expect(await write("create", decision("d1", "b", "pending"), world.config.b)).toBe("done");
    expect(await replaced("decision.d1", { verdict: "committed" }, "storerecords")).toContain(foreign);
    expect(await replaced("decision.d1", { node: "a" }, "storerecords")).toContain(foreign);
    expect(await write("create", decision("d2", "b", "committed"), world.config.b)).toBe("done");
    expect(await as(world.config.a, "delete", "storerecord", "decision.d2")).toContain(foreign);
    expect(await as(world.config.a, "delete", "storerecord", "decision.d1")).toBe("done");
  }, 60_000);

  test("K267: writes no notice, attachment or answer of another node's", async () => {
    for (const [name, ref] of [
      ["released.1", ["released", "b", "n", "c", "eth0"]],
      ["attachment.1", ["attachment", "b", "n", "c", "eth0"]],
      ["recovery.b", ["recovery", "b"]],
      ["recovery.b", ["recovery", "b@a"]],
    ] as const)
      expect(await write("create", made("StoreRecord", name, { ref: JSON.stringify(ref) }))).toContain(
        "belongs to another node",
      );
    expect(await write("create", made("StoreRecord", "other.1", {}))).toContain("may not write other.1");
  }, 60_000);

  test("K268: a token that names no Node writes nothing; no definition goes, and no other right is there", async () => {
    const loose = await accountConfig(world.kubernetes, "kube-system", "kube-ipam");
    expect(await as(loose, "delete", "kaddr", OWN)).toContain("names no Node");
    expect(await as(world.config.a, "delete", "crd", "addressrecords.store.kube-ipam.io")).toContain(
      "cannot delete",
    );
    const all = ["--raw", "/apis/store.kube-ipam.io/v1/addressrecords"];
    expect(await as(world.config.a, "delete", ...all)).toContain("cannot deletecollection");
    expect(await as(world.config.a, "patch", "kaddr", OWN, "--type=merge", "--patch={}")).toContain(
      "cannot patch",
    );
  }, 60_000);

  test("K269: nobody writes records by hand, whatever rights he has, but an operator who says so", async () => {
    const { kubectl, tryKubectl } = world.kubernetes;
    const byHand = "use kubectl ipam";
    await kubectl(
      "create",
      "clusterrole",
      "edits",
      "--verb=*",
      "--resource=addressrecords.store.kube-ipam.io",
    );
    await kubectl("create", "clusterrolebinding", "edits", "--clusterrole=edits", "--user=alice");
    const admin = ["--as=root", "--as-group=system:masters"];
    for (const who of [["--as=alice"], admin, []]) {
      const tried = async (...command: string[]) => (await tryKubectl(...command, ...who)).stderr;
      expect(await tried("delete", "kaddr", HELD)).toContain(byHand);
      expect(
        await tried("patch", "kaddr", HELD, "--type=merge", '--patch={"spec":{"holders":[]}}'),
      ).toContain(byHand);
      expect(await tried("label", "kaddr", HELD, "store.kube-ipam.io/has=", "--overwrite")).toContain(byHand);
      // As who encrypts all objects anew.
      expect(await tried("annotate", "kaddr", HELD, "example.com/touched=1", "--overwrite")).toBe("");
    }
    const operator = [...admin, "--as-group=kube-ipam:operators"];
    expect((await tryKubectl("delete", "kaddr", HELD, ...operator)).exitCode).toBe(0);
  }, 60_000);
});
