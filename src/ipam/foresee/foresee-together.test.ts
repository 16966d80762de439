import { describe, expect, test } from "bun:test";
import { release } from "../free/release.ts";
import { FakeCluster } from "../testing/fake-cluster.ts";
import { add, attachment, createWorld, del, named, smallNetwork, texts } from "../testing/world.ts";

const NETWORK = { network: smallNetwork() };
const POD = { namespace: "shop", name: "db-0", uid: "u1" };

/** A node whose agent knows nothing yet, of a network that another node uses. */
async function newcomer() {
  // Calls of the store that wait until they are let go on.
  const waiting: (() => void)[] = [];
  let hangs = false;
  const world = createWorld({
    foresight: true,
    pause: () => (hangs ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve()),
  });
  const cluster = new FakeCluster();
  const other = world.ports(world.node("node1"), cluster, cluster.uid);
  await add(other, "held", { ...NETWORK, pod: POD, wish: named("10.1.2.9") });
  const ports = world.ports(world.node("node2"), cluster, cluster.uid);
  return {
    ...{ cluster, other, ports, waiting },
    /** The next calls of the store hang. */
    hang: () => {
      hangs = true;
    },
    goOn: () => {
      hangs = false;
      for (const resolve of waiting.splice(0)) resolve();
    },
    dynamic: async (container: string, seconds?: number) =>
      texts(await add(ports, container, { ...NETWORK, ...(seconds && { seconds }) }))[0],
  };
}

describe("K227: an ADD that waits for another one's read", () => {
  test("does not wait until Kubernetes has told who holds the address that the other one names", async () => {
    const { cluster, ports, dynamic } = await newcomer();
    const asked = Promise.withResolvers<void>();
    cluster.pod = () => {
      asked.resolve();
      return new Promise(() => undefined);
    };
    const pod = { ...POD, name: "db-1", uid: "u2" };
    void add(ports, "c1", { ...NETWORK, pod, wish: named("10.1.2.9") }).catch(() => undefined);
    const first = dynamic("c2");
    await asked.promise;
    const outcomes = await Promise.all([first, dynamic("c3"), dynamic("c4")]);
    expect(new Set(outcomes).size).toBe(3);
  });

  test("does not wait until Kubernetes has told whose address the other one had", async () => {
    const { cluster, other, ports, dynamic } = await newcomer();
    const owner = { owner: { kind: "StatefulSet", namespace: "shop", name: "db" }, ordinal: 1 };
    const pod = { ...POD, name: "db-1", uid: "u2" };
    await add(other, "c1", { ...NETWORK, pod, wish: { ...named("10.1.2.7"), owner } });
    await del(other, "c1");
    const asked = Promise.withResolvers<void>();
    cluster.pod = () => {
      asked.resolve();
      return new Promise(() => undefined);
    };
    void add(ports, "c2", { ...NETWORK, pod: { ...pod, uid: "u3" } }).catch(() => undefined);
    const first = dynamic("c3");
    await asked.promise;
    const outcomes = await Promise.all([first, dynamic("c4")]);
    expect(new Set(outcomes).size).toBe(2);
  });

  test("ends with its own DEL", async () => {
    const { ports, dynamic, hang, goOn, waiting } = await newcomer();
    hang();
    const [reader, follower] = [dynamic("c1"), dynamic("c2").catch((failure) => failure)];
    while (waiting.length === 0) await Bun.sleep(1);
    const deleted = release(
      { attachment: attachment("c2"), coolingSeconds: 0, deadline: performance.now() + 5000 },
      ports,
    );
    expect(await follower).toMatchObject({ name: "tryAgain", message: expect.stringContaining("cancelled") });
    goOn();
    await deleted;
    expect(await reader).toBeDefined();
  });

  test("has its own deadline", async () => {
    const { dynamic, hang, goOn, waiting } = await newcomer();
    hang();
    const reader = dynamic("c1");
    while (waiting.length === 0) await Bun.sleep(1);
    const follower = dynamic("c2", 0.05);
    // It goes on by itself, and asks the store in vain.
    while (waiting.length < 2) await Bun.sleep(1);
    goOn();
    await Promise.allSettled([reader, follower]);
  });
});
