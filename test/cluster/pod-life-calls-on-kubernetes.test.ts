import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { type PodLives, startPodLives } from "../kit/pod-lives.ts";

/** What a pod's life costs the API server where that is the store, too. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the API calls of a pod's life on Kubernetes: ${missing}`, () => {});

describe.skipIf(missing !== undefined)("the API calls of a pod's life with its records in Kubernetes", () => {
  let lives: PodLives;
  beforeAll(async () => {
    lives = await startPodLives("kubernetes");
    // Once its first round has listed what its node holds, an agent looks for no attachment that it did not make.
    const looks = async (tries: number) =>
      (await callsOf(`warm-${tries}`)).some((call) => / list /.test(call));
    for (let tries = 0; tries < 40 && (await looks(tries)); tries += 1) await Bun.sleep(500);
  }, 180_000);
  afterAll(() => lives?.[Symbol.asyncDispose](), 60_000);

  const SET = { "kube-ipam.ips": "10.1.0.10-10.1.0.19" };
  const callsOf = async (name: string, annotations: Readonly<Record<string, string>> = {}) => {
    const before = lives.mark();
    await lives.live(await lives.make(name, annotations));
    return lives.ours(before).map(({ call, caller, count }) => `${count} ${caller} ${call}`);
  };

  test("K370: a dynamic one is two writes, one look at what the first is guarded by, and what its DEL reads", async () => {
    expect(await callsOf("dynamic")).toEqual([
      "1 agent create addressrecords.store.kube-ipam.io",
      "1 agent get addressrecords.store.kube-ipam.io",
      // Four at once: identity, network, reserved ranges, and that its owner keeps no address; the DEL reads the identity.
      "5 agent get storerecords.store.kube-ipam.io",
      "1 agent update addressrecords.store.kube-ipam.io",
    ]);
  }, 60_000);

  test("K370: a fixed one is a transaction of two objects the first time, and asks of neither before it writes", async () => {
    await callsOf("db-0", SET);
    expect(await callsOf("db-1", SET)).toEqual([
      "1 agent create addressrecords.store.kube-ipam.io",
      "1 agent create storerecords.store.kube-ipam.io",
      "1 agent delete storerecords.store.kube-ipam.io",
      "1 agent get addressrecords.store.kube-ipam.io",
      "1 agent get statefulsets.apps",
      "4 agent get storerecords.store.kube-ipam.io",
      "2 agent update addressrecords.store.kube-ipam.io",
      "3 agent update storerecords.store.kube-ipam.io",
    ]);
    // It comes back: what it costs from now on.
    expect(await callsOf("db-1", SET)).toEqual([
      "1 agent get addressrecords.store.kube-ipam.io",
      "1 agent get statefulsets.apps",
      "5 agent get storerecords.store.kube-ipam.io",
      "2 agent update addressrecords.store.kube-ipam.io",
    ]);
  }, 60_000);
});
