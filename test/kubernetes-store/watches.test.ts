import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { parseAddress } from "../../src/address/address.ts";
import type { AllocationRecord } from "../../src/ipam/records.ts";
import { refTo } from "../../src/ipam/ref-to.ts";
import { type Store, StoreFailure } from "../../src/ipam/store-port.ts";
import { openKubernetesStore } from "../../src/store/kubernetes/open.ts";
import { type ApiProxy, type Passing, startApiProxy } from "../kit/api-proxy.ts";
import { clusterStoreOfFile } from "../kit/cluster-store.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { eventually } from "../kit/wait.ts";

/** What stands for long on a real API server: watches whose history is gone, credentials that are replaced. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`watches of the store on Kubernetes: ${missing}`, () => {});

const REF = refTo.allocation("default", parseAddress("10.50.0.2"));
const RECORD: AllocationRecord = { version: 1, holders: [], origin: "dynamic", since: "" };
const GONE =
  '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}\n';

describe.skipIf(missing !== undefined)("watches of the store on Kubernetes", () => {
  const store = clusterStoreOfFile();
  const within = (milliseconds: number) => ({ deadline: performance.now() + milliseconds });

  async function write(into: Store): Promise<number> {
    const revision = (await into.read({ refs: [REF] }, within(10_000))).get(REF)?.revision ?? 0;
    const since = crypto.randomUUID();
    const puts = [{ ref: REF, record: { ...RECORD, since } }];
    const outcome = await into.commit(
      { guards: [{ ref: REF, revision }], puts, deletes: [] },
      within(10_000),
    );
    if (!outcome.won) throw new Error("expected nobody else to write");
    return outcome.revision;
  }

  /** The first watches that come are told that what they ask for is gone: at once, or while they stand. */
  function forget(proxy: ApiProxy, answer: () => Response): () => number {
    let told = 0;
    proxy.fate = ({ path }: Passing) => {
      if (!path.includes("watch=1") || told >= 2) return "pass";
      told += 1;
      return answer();
    };
    return () => told;
  }

  const ANSWERS: readonly (readonly [string, () => Response])[] = [
    ["at once", () => new Response(GONE, { status: 410 })],
    ["in the stream", () => new Response(GONE, { headers: { "Content-Type": "application/json" } })],
  ];

  test.each(ANSWERS)(
    "K355: a watch of one address that the API server cannot go on with, told %s, misses nothing",
    async (_when, answer) => {
      using proxy = startApiProxy(store().kubernetes);
      const through = openKubernetesStore({ kind: "kubernetes", kubeConfig: proxy.kubeConfig });
      const ended = new AbortController();
      try {
        const since = await write(through);
        const told = forget(proxy, answer);
        const seen: number[] = [];
        const scope = { kind: "allocation", space: "default", address: REF.address } as const;
        const watching = (async () => {
          for await (const { revision } of through.watch(scope, since, { signal: ended.signal }))
            seen.push(revision);
        })();
        const changed = await write(through);
        await eventually(async () => (seen.includes(changed) ? true : undefined), 30_000);
        expect(told()).toBe(2);
        const again = await write(through);
        await eventually(async () => (seen.includes(again) ? true : undefined), 30_000);
        ended.abort();
        await watching;
      } finally {
        ended.abort();
        await through.close();
      }
    },
    90_000,
  );

  test.each(ANSWERS)(
    "K355: who follows all records, told %s, hears that the history is lost, and lists again",
    async (_when, answer) => {
      using proxy = startApiProxy(store().kubernetes);
      const through = openKubernetesStore({ kind: "kubernetes", kubeConfig: proxy.kubeConfig });
      const ended = new AbortController();
      try {
        const since = await write(through);
        forget(proxy, answer);
        const following = async () => {
          for await (const _ of through.changes(["allocation"], since, { signal: ended.signal })) break;
        };
        const failure = await following().catch((reason) => reason);
        expect(failure).toBeInstanceOf(StoreFailure);
        expect(failure.kind).toBe("history-lost");
      } finally {
        ended.abort();
        await through.close();
      }
    },
    60_000,
  );

  test("K356: a token file that is replaced is read by the next request; one that is revoked is refused until then", async () => {
    const { kubernetes } = store();
    const { kubectl } = kubernetes;
    const role = [
      "clusterrole",
      "any-record",
      "--verb=*",
      "--resource=addressrecords.store.kube-ipam.io,storerecords.store.kube-ipam.io",
    ];
    await kubectl("create", ...role);
    await kubectl("-n", "kube-system", "create", "serviceaccount", "rotated");
    await kubectl(
      "create",
      "clusterrolebinding",
      "rotated",
      "--clusterrole=any-record",
      "--serviceaccount=kube-system:rotated",
    );
    const file = kubernetes.folder.file("rotated.token");
    const renew = async (secret: string) => {
      await kubectl("-n", "kube-system", "create", "secret", "generic", secret);
      const bound = ["--bound-object-kind=Secret", `--bound-object-name=${secret}`];
      writeFileSync(
        file,
        (await kubectl("-n", "kube-system", "create", "token", "rotated", ...bound)).trim(),
      );
    };
    await renew("first");
    const kubeConfig = kubernetes.kubeConfig({ tokenFile: file });
    const own = openKubernetesStore({ kind: "kubernetes", kubeConfig });
    try {
      await write(own);
      await kubectl("-n", "kube-system", "delete", "secret", "first");
      const refused = await eventually(async () => {
        const failure = await write(own).catch((reason) => reason);
        return failure instanceof StoreFailure ? failure : undefined;
      }, 60_000);
      expect([refused.kind, refused.message]).toEqual(["refused", expect.stringContaining("(401)")]);
      await renew("second");
      expect(await write(own)).toBeGreaterThan(0);
    } finally {
      await own.close();
    }
  }, 120_000);
});
