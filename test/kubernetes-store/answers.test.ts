import { describe, expect, test } from "bun:test";
import {
  type ApiProxy,
  type Fate,
  gatewayTimeout,
  internalError,
  isWrite,
  type Passing,
  startApiProxy,
  tooManyRequests,
} from "../kit/api-proxy.ts";
import { Checker } from "../kit/checker.ts";
import { clusterStoreOfFile } from "../kit/cluster-store.ts";
import { added, refused } from "../kit/cni.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";

/** A gateway before the API server that refuses, fails, is slow, and loses answers of what was performed. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the store behind a gateway: ${missing}`, () => {});

const LIMIT = 300_000;
const DUAL = { ranges: [[{ subnet: "10.50.0.0/28" }], [{ subnet: "fd00:50::/64" }]], subnet: undefined };
const ONE = {};

/** More writes than any verb makes; the loops end earlier, with the first verb that meets none of them. */
const MOST = 40;

describe.skipIf(missing !== undefined)("the store behind a gateway", () => {
  const store = clusterStoreOfFile();

  /** The nth write that comes from now on meets this fate. */
  function atWrite(proxy: ApiProxy, nth: number, fate: Fate): () => boolean {
    let writes = 0;
    proxy.fate = (request) => {
      if (!isWrite(request)) return "pass";
      writes += 1;
      return writes === nth ? fate : "pass";
    };
    return () => writes >= nth;
  }

  const FATES: readonly (readonly [string, Fate])[] = [
    ["whose answer is lost after it was performed", "lose-answer"],
    ["that is lost before it is performed", gatewayTimeout()],
    ["that the API server fails to perform", internalError()],
    ["that is refused once as one too many", tooManyRequests()],
  ];

  test.each(
    FATES.flatMap(([title, fate]) =>
      [
        ["one address", ONE],
        ["two addresses", DUAL],
      ].map(([what, ipam]) => [title, what, fate, ipam] as [string, string, Fate, object]),
    ),
  )(
    "K285: each write in turn %s: an ADD of %s tells the truth, and a DEL leaves nothing",
    async (_title, _what, fate, ipam) => {
      using proxy = startApiProxy(store().kubernetes);
      await using node = store().node("n1", { kubeConfig: proxy.kubeConfig, ipam: { ...ipam } });
      const books = new Checker();
      const id = (container: string) => ({ network: "net1", container, ifname: "eth0" });
      books.gave(id("stays"), await node.add("stays"));
      for (let nth = 1; ; nth += 1) {
        if (nth === MOST) throw new Error(`expected verbs to make fewer than ${MOST} writes`);
        const container = `c${nth}`;
        const metAdd = atWrite(proxy, nth, fate);
        const finished = await node.tryAdd(container);
        const didAdd = metAdd();
        proxy.fate = () => "pass";
        if (finished.exitCode === 0) books.gave(id(container), added(finished));
        else expect(refused(finished).code).toBe(11);
        // Who was refused comes again, and has it then.
        if (finished.exitCode !== 0) books.gave(id(container), await node.add(container));
        expect(books.faults(await store().stored())).toEqual([]);
        const metDel = atWrite(proxy, nth, fate);
        const deleted = await node.tryDel(container);
        const didDel = metDel();
        proxy.fate = () => "pass";
        if (deleted.exitCode !== 0) expect((await node.tryDel(container)).exitCode).toBe(0);
        books.ended(id(container));
        // Where a DEL was kept, the next run of the plugin performs it.
        books.gave(id(`next${nth}`), await node.add(`next${nth}`));
        expect((await node.end(`next${nth}`)).exitCode).toBe(0);
        books.ended(id(`next${nth}`));
        expect(books.faults(await store().stored())).toEqual([]);
        await node.forget(container);
        if (!(didAdd || didDel)) break;
      }
      expect((await node.end("stays")).exitCode).toBe(0);
      expect(await store().stored()).toEqual([]);
    },
    LIMIT,
  );

  test("K286: a storm of 429 and 5xx ends, and who waited has what it asked for", async () => {
    using proxy = startApiProxy(store().kubernetes);
    await using node = store().node("n1", { kubeConfig: proxy.kubeConfig });
    let count = 0;
    const storm = (request: Passing): Fate => {
      count += 1;
      if (count % 3 === 0) return "pass";
      return isWrite(request) && count % 2 === 0 ? internalError() : tooManyRequests();
    };
    proxy.fate = storm;
    const results = await Promise.all(Array.from({ length: 6 }, (_, n) => node.tryAdd(`c${n}`)));
    for (const finished of results) if (finished.exitCode !== 0) expect(refused(finished).code).toBe(11);
    proxy.fate = () => "pass";
    const books = new Checker();
    for (const [n, finished] of results.entries()) {
      const id = { network: "net1", container: `c${n}`, ifname: "eth0" };
      books.gave(id, finished.exitCode === 0 ? added(finished) : await node.add(`c${n}`));
    }
    expect(books.faults(await store().stored())).toEqual([]);
  }, 120_000);

  test("K286: an API server that refuses all as too many is error 11 that says so, within the deadline", async () => {
    using proxy = startApiProxy(store().kubernetes);
    await using node = store().node("n1", { kubeConfig: proxy.kubeConfig });
    await node.add("before");
    proxy.fate = () => tooManyRequests();
    const [refusal, deleted] = (await Promise.all([node.tryAdd("c1"), node.tryDel("before")])).map(refused);
    expect([refusal?.code, deleted?.code]).toEqual([11, 11]);
    expect(refusal?.msg).toContain("too many requests");
    proxy.fate = () => "pass";
    // The DEL was kept, and the runtime need not send it again.
    await node.add("c2");
    expect((await store().stored()).map(({ container }) => container)).toEqual(["c2"]);
  }, 60_000);

  test("K286: slow answers are waited for", async () => {
    using proxy = startApiProxy(store().kubernetes);
    await using node = store().node("n1", { kubeConfig: proxy.kubeConfig, ipam: DUAL });
    proxy.fate = () => Bun.sleep(400).then(() => "pass");
    await Promise.all([node.add("c1"), node.add("c2"), node.add("c3")]);
    expect((await store().stored()).length).toBe(6);
    await Promise.all(
      ["c1", "c2", "c3"].map(async (each) => expect((await node.end(each)).exitCode).toBe(0)),
    );
    expect(await store().stored()).toEqual([]);
  }, 60_000);

  test("K10: a DEL that comes while an ADD waits for the API server wins", async () => {
    using proxy = startApiProxy(store().kubernetes);
    await using node = store().node("n1", { kubeConfig: proxy.kubeConfig });
    await node.add("warm");
    const { promise, resolve } = Promise.withResolvers<Fate>();
    let held = 0;
    proxy.fate = (request) => {
      if (request.method !== "POST" || held > 0) return "pass";
      held += 1;
      return promise;
    };
    const slow = node.tryAdd("c1");
    while (held === 0) await Bun.sleep(10);
    const deleting = node.tryDel("c1");
    await Bun.sleep(200);
    resolve("pass");
    const [finished, deleted] = await Promise.all([slow, deleting]);
    expect(deleted.exitCode).toBe(0);
    if (finished.exitCode !== 0) expect(refused(finished).code).toBe(11);
    expect((await store().stored()).map(({ container }) => container)).toEqual(["warm"]);
  }, 60_000);
});
