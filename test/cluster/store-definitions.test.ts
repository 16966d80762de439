import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parseAddress } from "../../src/address/address.ts";
import type { Holder } from "../../src/ipam/records.ts";
import { refTo } from "../../src/ipam/ref-to.ts";
import { openKubernetesStore } from "../../src/store/kubernetes/open.ts";
import { type Kubernetes, startKubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { customResource } from "../kit/kubernetes-objects.ts";
import { DEFINITIONS, installStoreResources } from "../kit/store-resources.ts";
import { eventually } from "../kit/wait.ts";

/** What people see of the store's objects. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the store's definitions: ${missing}`, () => {});

const HOLDER: Holder = {
  attachment: { network: "lan", container: "c1", ifname: "eth0" },
  pod: { namespace: "shop", name: "db-0", uid: "u1" },
  node: "worker-1",
  nodeVerified: true,
  bootId: "b1",
  namespace: { path: "/run/netns/1" },
  requestId: "r1",
};

describe.skipIf(missing !== undefined)("the store's definitions", () => {
  let kubernetes: Kubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await installStoreResources(kubernetes);
  }, 60_000);
  afterAll(() => kubernetes?.[Symbol.asyncDispose]());

  test("K260: kubectl get kaddr says who has what, and kubectl explain what a field means", async () => {
    const store = openKubernetesStore({ kind: "kubernetes", kubeConfig: kubernetes.adminConfig });
    const since = "2026-11-29T13:14:43.111Z";
    const held = refTo.allocation("default", parseAddress("10.188.0.216"));
    const kept = refTo.reservation("default", parseAddress("10.188.0.216"));
    const owner = { kind: "StatefulSet", namespace: "shop", name: "db" };
    const outcome = await store.commit(
      {
        guards: [{ ref: held, revision: 0 }],
        puts: [
          { ref: held, record: { version: 1, holders: [HOLDER], origin: "fixed", since } },
          { ref: kept, record: { version: 1, owner, kind: "automatic", retain: "workload", since } },
        ],
        deletes: [],
      },
      { deadline: performance.now() + 10_000 },
    );
    expect(outcome.won).toBe(true);
    await store.close();
    const [head = "", row = ""] = (await kubernetes.kubectl("get", "kaddr")).split("\n");
    expect(head.split(/\s{2,}/)).toEqual(["NAME", "ADDRESS", "STATE", "POD", "NODE", "FOR", "AGE"]);
    expect(row.split(/\s{2,}/).slice(0, 6)).toEqual([
      "default.010.188.000.216",
      "10.188.0.216",
      "Held",
      "shop/db-0",
      "worker-1",
      "StatefulSet shop/db",
    ]);
    expect(await kubernetes.kubectl("explain", "kaddr.spec.state")).toContain("its owner will have it again");
  });

  test("K262: nobody deletes a definition, and all addresses with it, before it was said that this is meant", async () => {
    const { kubectl, tryKubectl } = kubernetes;
    await kubectl("apply", "-f", join(import.meta.dir, "../../deploy/crds/kept.yaml"));
    const name = "storerecords.store.kube-ipam.io";
    const deleted = async (...what: string[]) => {
      const { exitCode, stderr } = await tryKubectl("delete", "--dry-run=server", ...what);
      return exitCode === 0 ? "deleted" : stderr;
    };
    await eventually(async () => ((await deleted("crd", name)) === "deleted" ? undefined : true), 30_000);
    const annotation = "store.kube-ipam.io/delete-all-addresses=yes";
    const wayOut = `kubectl annotate crd ${name} ${annotation}`;
    expect(await deleted("crd", name)).toContain(wayOut);
    expect(await deleted("crd", "--all")).toContain("all records of addresses");
    expect(await deleted("-f", DEFINITIONS)).toContain(wayOut);
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions`;
    expect((await tryKubectl("delete", "--raw", path)).stderr).toContain("all records of addresses");
    await kubectl("annotate", "crd", name, annotation);
    expect(await deleted("crd", name)).toBe("deleted");
    // Definitions of others are theirs.
    await kubernetes.apply(customResource("example.com", "Other", "v1"));
    expect(await deleted("crd", "others.example.com")).toBe("deleted");
  }, 60_000);
});
