import { describe, expect, test } from "bun:test";
import { isWrite, startApiProxy } from "../kit/api-proxy.ts";
import { Checker } from "../kit/checker.ts";
import { clusterStoreOfFile } from "../kit/cluster-store.ts";
import { added, refused } from "../kit/cni.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { Pair, type Way } from "../kit/pair.ts";
import { pairOnKubernetes } from "../kit/pair-store.ts";
import { DEFINITIONS, installStoreResources } from "../kit/store-resources.ts";

/** A person changes what belongs to no address: the store's identity, decisions of transactions, the definitions. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the store's own objects changed by hand: ${missing}`, () => {});

const LIMIT = 120_000;
const DUAL = { ranges: [[{ subnet: "10.50.0.0/28" }], [{ subnet: "fd00:50::/64" }]], subnet: undefined };
const RECORDS = "/apis/store.kube-ipam.io/v1/storerecords";
const MERGE = "application/merge-patch+json";

/** More writes than any verb makes; the loop ends earlier, with the first verbs that meet none of them. */
const MOST = 40;

describe.skipIf(missing !== undefined)("the store's own objects changed by hand", () => {
  const store = clusterStoreOfFile();
  const kubectl = (...command: string[]) => store().kubernetes.kubectl(...command);
  const open = (ways?: [Way, Way]) => Pair.open(pairOnKubernetes(store().kubernetes), ways);
  const request = (method: string, path: string, body?: object) =>
    store().kubernetes.request<{ readonly spec: object }>(method, `${RECORDS}${path}`, body, MERGE);

  test(
    "K295: decisions deleted before each write of a transaction in turn: an ADD and a DEL are whole, or not at all",
    async () => {
      using proxy = startApiProxy(store().kubernetes);
      await using node = store().node("n1", { kubeConfig: proxy.kubeConfig, ipam: DUAL });
      const books = new Checker();
      const id = (container: string) => ({ network: "net1", container, ifname: "eth0" });
      books.gave(id("stays"), await node.add("stays"));
      const deleteDecisions = async () => {
        for (const name of (await kubectl("get", "storerecords", "-o", "name")).split("\n"))
          if (name.includes("/decision.")) await kubectl("delete", name, "--ignore-not-found");
        return "pass" as const;
      };
      /** @returns whether there was such a write. */
      const before = (nth: number) => {
        let writes = 0;
        proxy.fate = (each) => {
          if (isWrite(each)) writes += 1;
          return isWrite(each) && writes === nth ? deleteDecisions() : "pass";
        };
        return () => writes >= nth;
      };
      for (let nth = 1; ; nth += 1) {
        if (nth === MOST) throw new Error(`expected verbs to make fewer than ${MOST} writes`);
        const container = `c${nth}`;
        const metAdd = before(nth);
        const finished = await node.tryAdd(container);
        const didAdd = metAdd();
        if (finished.exitCode !== 0) expect(refused(finished).code).toBe(11);
        const result = finished.exitCode === 0 ? added(finished) : await node.add(container);
        books.gave(id(container), result);
        expect(books.faults(await store().stored())).toEqual([]);
        const metDel = before(nth);
        const deleted = await node.end(container);
        const didDel = metDel();
        proxy.fate = () => "pass";
        if (deleted.exitCode !== 0) expect((await node.end(container)).exitCode).toBe(0);
        books.ended(id(container));
        expect(books.faults(await store().stored())).toEqual([]);
        if (!(didAdd || didDel)) break;
      }
    },
    LIMIT,
  );

  test.each<[Way]>([["plugin"], ["agent"]])(
    "K296: the identity deleted: no node begins another store, also none that has never used this one (%s)",
    async (way) => {
      await using pair = await open([way, "plugin"]);
      await pair.add(pair.one, "a");
      await kubectl("delete", "storerecords", "meta");
      if (way === "plugin") expect(await pair.refused(pair.one)).toStartWith("106 ");
      await pair.stopped();
      // The second node has used nothing yet.
      expect(await pair.refused(pair.two)).toStartWith("106 node n1 has stopped all nodes");
      await pair.expectStopped();
      await pair.expectRecovered();
    },
    LIMIT,
  );

  test.each<[string, object]>([
    ["its records", { spec: { records: "{" } }],
    ["its state alone", { spec: { identity: { state: "moved" } } }],
  ])(
    "K296: the identity edited, %s: error 106 that names it and the way out, until it is repaired",
    async (_, change) => {
      await using pair = await open(["agent", "plugin"]);
      await pair.add(pair.one, "a");
      await pair.add(pair.two, "x");
      const { spec } = await request("GET", "/meta");
      await request("PATCH", "/meta", change);
      for (const node of [pair.one, pair.two]) {
        const { code, details, msg } = refused(await node.tryAdd("c"));
        expect(`${code} ${msg} ${details}`).toMatch(/^106 .*storerecord meta.*damaged.*kubectl get/);
      }
      await request("PATCH", "/meta", { spec });
      for (const node of [pair.one, pair.two]) await pair.add(node, `${node.name}c`);
      await pair.sound();
    },
    LIMIT,
  );

  test(
    "K296: the identity deleted, and kept by a finalizer: nobody writes it, and it vanishes by the person's hand only",
    async () => {
      await using pair = await open();
      await pair.add(pair.one, "a");
      await request("PATCH", "/meta", { metadata: { finalizers: ["example.com/kept"] } });
      await kubectl("delete", "storerecords", "meta", "--wait=false");
      for (const node of [pair.one, pair.two]) expect(refused(await node.tryAdd("c")).code).toBe(106);
      expect((await pair.meta())?.state).toBe("ready");
      await request("PATCH", "/meta", { metadata: { finalizers: [] } });
      for (const node of [pair.one, pair.two]) expect((await node.end("c")).exitCode).toBe(0);
      expect(await pair.refused(pair.one)).toStartWith("106 ");
      await pair.expectStopped();
      await pair.expectRecovered();
    },
    LIMIT,
  );

  test(
    "K298: the definitions deleted while agents live, and installed again: all is stopped until recover brings it back",
    async () => {
      await using pair = await open(["agent", "agent"]);
      await pair.add(pair.one, "a");
      await pair.add(pair.two, "x");
      await kubectl("delete", "-f", DEFINITIONS);
      for (const node of [pair.one, pair.two]) {
        const finished = await node.tryAdd("c");
        expect(refused(finished).code).toBe(105);
        await node.end("c");
      }
      await installStoreResources(store().kubernetes);
      await pair.stopped();
      await using late = store().node("n3");
      expect(refused(await late.tryAdd("new"))).toMatchObject({
        code: 106,
        msg: expect.stringContaining("has stopped all nodes"),
      });
      await pair.expectRecovered();
    },
    LIMIT,
  );
});
