import { afterAll, beforeAll, expect, test } from "bun:test";
import { rootCertificates } from "node:tls";
import { type ClusterNames, partsOf } from "../../ipam/cluster-names.ts";
import { areSameCluster } from "../../ipam/cluster-relation.ts";
import { lazyCluster } from "../ports/lazy-cluster.ts";
import { soon } from "../testing/asking.ts";
import { type Chain, makeChain } from "../testing/authorities.ts";
import { apiStatus, type FakeApi, startFakeApi } from "../testing/fake-api.ts";

let api: FakeApi;
let chain: Chain;
beforeAll(async () => {
  api = startFakeApi();
  api.answers.set("/api/v1/namespaces/kube-system", apiStatus(403, "Forbidden", "x"));
  chain = await makeChain();
});
afterAll(() => api.close());

/** What a cluster is called by credentials with this text of its authority. */
function called(pem: string | undefined, path = ""): Promise<ClusterNames> {
  const authority = pem === undefined ? {} : { "certificate-authority-data": btoa(pem) };
  const kubeConfig = api.kubeConfig(undefined, { server: api.server + path, ...authority });
  return lazyCluster({ kubeConfig }).clusterNames(soon());
}

async function same(one: string | undefined, other: string | undefined): Promise<boolean> {
  return areSameCluster(await called(one), await called(other));
}

test("K50: the text around the same authorities, and their order, name the same cluster", async () => {
  const { a, b } = chain;
  const { name } = await called(a + b);
  for (const text of [
    b + a,
    `# our authority\n${a}\n\n# and its heir\n${b}`,
    (a + b).replaceAll("\n", "\r\n"),
    a + b + a,
    `${a.trim()}\n${b.trim()}`,
  ])
    expect((await called(text)).name).toBe(name);
});

test("K50: an authority that was issued again with the same key is the same", async () => {
  expect((await called(chain.aRenewed)).name).toBe((await called(chain.a)).name);
});

test("K50: one authority in common is enough: a bundle of the old and the new one joins both", async () => {
  const { a, b, bCrossSignedByA: crossed, c } = chain;
  expect(await same(a, a + b)).toBe(true);
  expect(await same(a + b, b)).toBe(true);
  expect(await same(a, a + b + crossed)).toBe(true);
  expect(await same(a, b)).toBe(false);
  expect(await same(a + b, c)).toBe(false);
});

test("K51: what many clusters have in common makes no two of them one", async () => {
  const { a, b, root, intermediate, otherIntermediate } = chain;
  const [publicRoot = "", otherPublic = ""] = rootCertificates;
  expect(await same(`${a}${publicRoot}\n`, `${b}${publicRoot}\n`)).toBe(false);
  expect(await same(intermediate + root, otherIntermediate + root)).toBe(false);
  expect(await same(intermediate + root, root + intermediate)).toBe(true);
  expect(partsOf((await called(`${publicRoot}\n${otherPublic}`)).name)).toEqual(
    partsOf((await called(undefined)).name),
  );
});

test("K51: one proxy with one authority before several clusters does not make them one", async () => {
  const { a } = chain;
  const [one, other] = [await called(a, "/k8s/clusters/c-1"), await called(a, "/k8s/clusters/c-2")];
  expect(areSameCluster(one, other)).toBe(false);
  expect(areSameCluster(one, await called(a))).toBe(false);
  expect(areSameCluster(one, await called(a, "/k8s/clusters/c-1/"))).toBe(true);
});

test("K51: a collection of many authorities is one name, in any order", async () => {
  const { many } = chain;
  const [name] = partsOf((await called(many.join(""))).name);
  expect(partsOf((await called(many.toReversed().join(""))).name)).toEqual([name ?? ""]);
  expect(await same(many.join(""), many.slice(1).join(""))).toBe(false);
});
