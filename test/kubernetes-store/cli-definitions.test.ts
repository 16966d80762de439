import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { AgentNode } from "../kit/agent-node.ts";
import { clusterStoreOfFile } from "../kit/cluster-store.ts";
import { refused } from "../kit/cni.ts";
import { type Kubernetes, withoutKubernetes } from "../kit/kubernetes.ts";
import { DEFINITIONS, installStoreResources } from "../kit/store-resources.ts";
import { eventually } from "../kit/wait.ts";

/** Somebody deletes the definitions of the store's objects, and all records with them; then kube-ipam is installed again. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`definitions that are gone: ${missing}`, () => {});

const NOT_INSTALLED =
  /^the API server at \S+ does not know kube-ipam's records \(404\): the definitions \S+ and \S+ are not installed/;
const HOW = "kubectl apply --server-side -f deploy/crds/store.yaml";

const VERBS: readonly string[] = [
  "ip list",
  "ip list --node n1",
  "ip show 10.50.0.2",
  "ip who 10.50.0.2",
  "ip who team-a/db-0",
  "ip release --force 10.50.0.2",
  "ip reserve 10.50.0.9 --for team-a/db-0",
  "ip reserve 10.50.0.8/30 --for printers",
  "ip unreserve 10.50.0.9",
  "check --settle 0 --conf-dir /nowhere",
  "why team-a/db-0 --conf-dir /nowhere",
  "gc",
  "recover --nodes n1 --timeout 1",
  "recover --status",
  "recover --this-node",
  "store status",
  "store init",
  "store accept",
  "store export",
];

describe.skipIf(missing !== undefined)("definitions that are gone", () => {
  const store = clusterStoreOfFile();

  async function deleteDefinitions({ kubectl, request }: Kubernetes): Promise<void> {
    await kubectl("delete", "-f", DEFINITIONS, "--wait");
    // The API server forgets a moment later what it served.
    const list = "/apis/store.kube-ipam.io/v1/addressrecords";
    await eventually(
      async () =>
        request("GET", list).then(
          () => undefined,
          () => true as const,
        ),
      30_000,
    );
  }

  test("K335: each verb and command says what is missing; a DEL is kept; recover fills the new store", async () => {
    const { kubernetes } = store();
    await using node = store().node("n1");
    await node.add("ends");
    await node.add("lives");
    const [{ address } = { address: "" }] = (await store().stored()).filter(
      ({ container }) => container === "lives",
    );
    await deleteDefinitions(kubernetes);
    try {
      await everyCommandSays(node);
      // Its DEL is kept: no other try brings the definitions back.
      expect((await node.tryDel("ends")).exitCode).toBe(0);
      for (const finished of [await node.tryAdd("new"), await node.tryAdd("lives")]) {
        const { code, details, msg } = refused(finished);
        expect([code, msg]).toEqual([105, expect.stringMatching(NOT_INSTALLED)]);
        expect(details).toContain(HOW);
      }
      const doctor = await node.command(["doctor", "--conf-dir", "/nowhere", "-o", "json"]);
      expect(JSON.parse(doctor.stdout)).toContainEqual({
        check: expect.stringContaining("definitions of records"),
        result: "FAILED",
        found: expect.stringMatching(NOT_INSTALLED),
        remedy: expect.stringContaining(HOW),
      });
    } finally {
      await installStoreResources(kubernetes);
    }
    // The records went with the definitions: the new store does not give out what pods have.
    expect(refused(await node.tryAdd("new"))).toMatchObject({
      code: 106,
      details: expect.stringContaining("kube-ipam recover"),
    });
    const recovering = node.command(["recover", "--nodes", "n1", "--timeout", "60", "-o", "json"]);
    await eventually(
      async () =>
        (await node.command(["recover", "--status", "-o", "json"])).stdout.includes('"recovering"')
          ? true
          : undefined,
      30_000,
    );
    expect((await node.command(["recover", "--this-node"])).exitCode).toBe(0);
    expect(JSON.parse((await recovering).stdout)).toMatchObject({
      state: "ready",
      answered: [{ node: "n1", attachments: 1, written: 1 }],
      conflicts: [],
    });
    const stored = async () =>
      (await store().stored()).map(({ address, container }) => `${container} ${address}`);
    expect(await stored()).toEqual([`lives ${address}`]);
    await node.add("new");
    expect((await node.end("lives")).exitCode).toBe(0);
    expect((await stored()).map((each) => each.split(" ")[0])).toEqual(["new"]);
  }, 180_000);

  async function everyCommandSays(node: AgentNode): Promise<void> {
    for (const verb of VERBS) {
      const { exitCode, stderr } = await node.command(verb.split(" "));
      const [told = "", remedy] = stderr.split("\n").filter((line) => !line.startsWith("note: "));
      expect([verb, exitCode, told.replace("error: ", "")]).toEqual([
        verb,
        4,
        expect.stringMatching(NOT_INSTALLED),
      ]);
      expect(remedy).toContain(HOW);
      expect(stderr).not.toMatch(/etcd/i);
    }
  }

  test("K335: the words for what is to be applied are those of a file that is shipped", () => {
    expect(readFileSync(DEFINITIONS, "utf8")).toContain("name: addressrecords.store.kube-ipam.io");
    expect(DEFINITIONS).toEndWith("deploy/crds/store.yaml");
  });
});
