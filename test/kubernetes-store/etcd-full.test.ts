import { describe, expect, test } from "bun:test";
import { clusterStoreOfFile } from "../kit/cluster-store.ts";
import { refused } from "../kit/cni.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { Pair, type Way } from "../kit/pair.ts";
import { pairOnKubernetes } from "../kit/pair-store.ts";

/** The API server's etcd has reached its quota. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the API server's etcd is full: ${missing}`, () => {});

const LIMIT = 120_000;
const QUOTA = 32 * 2 ** 20;
const PIECE = 512 * 2 ** 10;
const COOLED = { subnet: "10.60.0.0/28", coolingSeconds: 60 };
const DUAL = { ranges: [[{ subnet: "10.70.0.0/28" }], [{ subnet: "fd00:70::/64" }]], subnet: undefined };

describe.skipIf(missing !== undefined)("the API server's etcd is full", () => {
  const store = clusterStoreOfFile({ etcdFlags: [`--quota-backend-bytes=${QUOTA}`] });
  const etcd = () => store().kubernetes.ownEtcd;

  async function fill(): Promise<void> {
    const value = "x".repeat(PIECE);
    for (let n = 0; n < (2 * QUOTA) / PIECE; n += 1) {
      const put = { key: btoa(`/filling/${n}`), value: btoa(value) };
      const answer = await fetch(`${etcd().url}/v3/kv/put`, { method: "POST", body: JSON.stringify(put) });
      if (!answer.ok) return;
    }
    throw new Error("expected the quota to be reached");
  }

  /** As etcd's guide tells an operator. */
  async function makeRoom(): Promise<void> {
    await etcd().ctl("del", "--prefix", "/filling/");
    const [{ Status }] = JSON.parse(await etcd().ctl("endpoint", "status", "-w", "json"));
    await etcd().ctl("compact", String(Status.header.revision));
    await etcd().ctl("defrag");
    await etcd().ctl("alarm", "disarm");
  }

  test.each<[Way]>([["plugin"], ["agent"]])(
    "K299: an ADD is an error that names the cluster's etcd and the way out, a DEL frees, and with room all goes on (%s)",
    async (way) => {
      await using pair = await Pair.open(pairOnKubernetes(store().kubernetes), [way, way]);
      for (const container of ["a", "b", "c"]) await pair.add(pair.one, container);
      await using cooled = store().node("n3", { network: "cooled", ipam: COOLED });
      await using dual = store().node("n4", { network: "dual", ipam: DUAL });
      await cooled.add("k");
      await dual.add("k");
      await fill();
      try {
        const { code, details, msg } = refused(await pair.one.tryAdd("d"));
        expect(`${code} ${msg} ${details}`).toMatch(
          /^106 the etcd behind the API server at .* has no space: .*database space exceeded.*compact.*quota/,
        );
        await pair.end(pair.one, "d");
        await pair.end(pair.one, "a");
        // It cannot cool down.
        expect((await cooled.end("k")).exitCode).toBe(0);
        const kept = await dual.tryDel("k");
        if (kept.exitCode !== 0) expect(refused(kept).code).toBe(106);
        const left = new Set((await pair.stored()).map(({ container }) => container));
        expect([...left].filter((each) => each !== "k").sort()).toEqual(["b", "c"]);
        const released = await pair.two.command(["ip", "release", "--force", "10.50.0.3"]);
        expect(`${released.exitCode} ${released.stderr}`).toMatch(/^[1-9].*no space/s);
      } finally {
        await makeRoom();
      }
      await pair.add(pair.one, "d");
      await pair.add(pair.two, "e");
      // What was kept is performed by the next run.
      await dual.add("next");
      await dual.end("next");
      await pair.sound();
      expect((await pair.meta())?.state).toBe("ready");
    },
    LIMIT,
  );
});
