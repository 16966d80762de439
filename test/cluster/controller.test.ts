import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { leaderOf, startController } from "../kit/controller.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { CLUSTER_STORE, type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import { run } from "../kit/run.ts";
import { eventually } from "../kit/wait.ts";

/** The controller as processes of the built executable, with exactly the shipped role. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`the controller: ${missing}`, () => {});

const LEADS = "kube_ipam_controller_leader";

describe.skipIf(missing !== undefined)("the controller", () => {
  let world: PodsOnNodes;

  beforeAll(async () => {
    world = await podsOnNodes({ store: CLUSTER_STORE });
  }, 120_000);
  afterAll(() => world?.[Symbol.asyncDispose]());

  test("one of two leads; when it is killed, the other takes over; SIGTERM gives the lead up", async () => {
    await using first = await startController(world);
    await using second = await startController(world);
    const leader = await leaderOf([first, second]);
    const other = leader === first ? second : first;
    expect(await other.metric(LEADS)).toBe(0);
    leader.daemon.signal("SIGKILL");
    await leaderOf([other]);
    await other.daemon.stop(20_000);
    const lease = await world.kubernetes.request<{ spec: { holderIdentity?: string } }>(
      "GET",
      "/apis/coordination.k8s.io/v1/namespaces/kube-ipam/leases/kube-ipam-controller",
    );
    expect(lease.spec.holderIdentity ?? "").toBe("");
  }, 120_000);

  test("a leader that froze leads no more when it wakes up", async () => {
    await using first = await startController(world);
    await using second = await startController(world);
    const leader = await leaderOf([first, second]);
    const other = leader === first ? second : first;
    leader.daemon.signal("SIGSTOP");
    try {
      await leaderOf([other]);
    } finally {
      leader.daemon.signal("SIGCONT");
    }
    await eventually(async () => ((await leader.metric(LEADS)) === 0 ? true : undefined), 60_000);
    expect(await other.metric(LEADS)).toBe(1);
  }, 180_000);

  test("without the API server nobody leads; with it somebody does again", async () => {
    await using controller = await startController(world);
    await leaderOf([controller]);
    world.kubernetes.apiServer.freeze();
    try {
      await eventually(async () => ((await controller.metric(LEADS)) === 0 ? true : undefined), 60_000);
    } finally {
      world.kubernetes.apiServer.thaw();
    }
    await leaderOf([controller]);
  }, 180_000);

  test("says what is wrong with its command line and its configuration", async () => {
    const path = world.kubernetes.folder.file("embedded.json");
    await Bun.write(path, "{}");
    const executable = process.env.KUBE_IPAM_EXECUTABLE ?? "dist/kube-ipam";
    const ask = (...args: string[]) => run([executable, "controller", ...args]);
    expect((await ask("--help")).stdout).toContain("--listen-tls <host:port>");
    expect((await ask("--nonsense")).exitCode).toBe(2);
    expect((await ask(`--config=${path}`)).stderr).toBe(
      "kube-ipam controller: the controller looks after a cluster's store, and its configuration names none: " +
        'name the nodes\' store in the file of --config: "store": "kubernetes", or etcdConfig\n',
    );
    expect((await ask("--config=/no/such/file")).stderr).toContain("/no/such/file cannot be read");
  });
});
