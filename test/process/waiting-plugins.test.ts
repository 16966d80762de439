import { expect } from "bun:test";
import { type FakeApi, object, startFakeApi } from "../../src/kubernetes/testing/fake-api.ts";
import { alone } from "../kit/case.ts";
import { added, addressesOf, refused, silent } from "../kit/cni.ts";
import { withoutRealRoot } from "../kit/machine.ts";
import { makeMemoryGroup } from "../kit/memory-group.ts";
import type { Finished, Running } from "../kit/run.ts";
import { podArgs } from "../kit/shown-objects.ts";
import { type UnattendedShim, unattendedShim } from "../kit/unattended-shim.ts";
import { eventually } from "../kit/wait.ts";
import type { Configuration, World } from "../kit/world.ts";

/**
 * Without an agent a few complete plugins work at once behind the shim. One that only waits leaves its place to
 * others, and keeps a seat (K244 to K247): real shim, real executable.
 */

/** Of the ten seats those that ADDs take. */
const MOST_ADDS = 8;

/** Pods that came again under their names, while the sandboxes of the old ones still hold their addresses. */
class Successors implements Disposable {
  readonly api: FakeApi = startFakeApi();
  readonly shim: UnattendedShim;
  readonly net: Configuration;

  constructor(readonly world: World) {
    this.shim = unattendedShim(world);
    this.api.answers.set("/api/v1/namespaces/kube-system", object("kube-system", "cluster"));
    const kubeConfig = this.api.kubeConfig();
    this.net = world.network({ subnet: "10.1.0.0/24", nodeLocal: true, kubeConfig });
  }

  /** The pod `p<number>` runs in the sandbox `old<number>`, and Kubernetes has another one of its name now. */
  async replaced(number: number): Promise<void> {
    const netns = (await this.world.makeNamespace()).path;
    this.#show(number, "old");
    added(await this.shim.run("ADD", this.net, { ...this.#call(number, "old"), netns }));
    this.#show(number, "new");
  }

  /** ADD of the new pod, which waits for the DEL of the old one's sandbox. */
  add(number: number, started?: (process: Running) => void): Promise<Finished> {
    return this.shim.run("ADD", this.net, this.#call(number, "new"), { ...(started && { started }) });
  }

  end(number: number): Promise<Finished> {
    return this.shim.run("DEL", this.net, this.#call(number, "old"));
  }

  /** ADD of a pod that waits for nobody. */
  other(limitMs?: number): Promise<Finished> {
    const env = { ...(limitMs !== undefined && { KUBE_IPAM_DEADLINE_MS: String(limitMs) }) };
    return this.shim.run("ADD", this.net, { container: `other${limitMs ?? ""}` }, { env });
  }

  /** Until so many ADDs wait, and none of them has a place. */
  waiting(count: number): Promise<true> {
    return eventually(async () => {
      const { shim } = this;
      return (shim.taken("seats") === count && shim.taken("places") === 0) || undefined;
    });
  }

  #call(number: number, generation: "old" | "new") {
    return { container: `${generation}${number}`, args: podArgs(`p${number}`, `${generation}${number}`) };
  }

  #show(number: number, generation: "old" | "new"): void {
    const annotations = { "kube-ipam.ip": addressOf(number) };
    const path = `/api/v1/namespaces/default/pods/p${number}`;
    this.api.answers.set(path, object(`p${number}`, `${generation}${number}`, { annotations }));
  }

  [Symbol.dispose](): void {
    this.api.close();
  }
}

alone("K244", "three ADDs that wait for a DEL hold up neither another ADD nor that DEL", async (world) => {
  using pods = new Successors(world);
  const numbers = [1, 2, 3];
  for (const number of numbers) await pods.replaced(number);
  let ended = 0;
  const adds = numbers.map((number) => pods.add(number).finally(() => ended++));
  await pods.waiting(3);
  added(await pods.other());
  expect(ended).toBe(0);
  for (const number of numbers) silent(await pods.end(number));
  const results = (await Promise.all(adds)).map((finished) => addressesOf(added(finished)));
  expect(results).toEqual(numbers.map((number) => [addressOf(number)]));
  expect(pods.shim.taken("seats")).toBe(0);
});

/** Each asks Kubernetes, which answers when the test says so. */
async function fortyWaitForKubernetes(world: World): Promise<void> {
  const api = startFakeApi();
  using _closing = { [Symbol.dispose]: () => api.close() };
  using group = makeMemoryGroup(100 * 1024 * 1024);
  const shim = unattendedShim(world);
  const asked: string[] = [];
  const answered = Promise.withResolvers<void>();
  api.answers.set("/api/v1/namespaces/kube-system", object("kube-system", "cluster"));
  const numbers = Array.from({ length: 40 }, (_, number) => number);
  for (const number of numbers)
    api.answers.set(`/api/v1/namespaces/default/pods/p${number}`, async () => {
      asked.push(`p${number}`);
      await answered.promise;
      return Response.json(object(`p${number}`, "u"));
    });
  const net = world.network({ subnet: "10.1.0.0/24", nodeLocal: true, kubeConfig: api.kubeConfig() });
  const all = Promise.all(
    numbers.map((number) => {
      const call = { container: `c${number}`, args: podArgs(`p${number}`, "u") };
      return shim.run("ADD", net, call, { prefix: group.prefix });
    }),
  );
  await eventually(async () => (asked.length === MOST_ADDS && shim.taken("places") === 0) || undefined);
  silent(await shim.run("DEL", net, { container: "none" }, { prefix: group.prefix }));
  expect(asked).toHaveLength(MOST_ADDS);
  answered.resolve();
  const addresses = (await all).flatMap((finished) => addressesOf(added(finished)));
  expect(new Set(addresses).size).toBe(40);
  expect(group.kills()).toBe(0);
}

alone("K245", "forty ADDs that wait for Kubernetes fit into 100 MiB, eight at once", fortyWaitForKubernetes, {
  missing: withoutRealRoot(),
});

alone(
  "K246",
  "with all seats taken by those that wait others get error 11, and DELs go through",
  async (world) => {
    using pods = new Successors(world);
    const numbers = Array.from({ length: MOST_ADDS }, (_, number) => number);
    for (const number of numbers) await pods.replaced(number);
    const processes: Running[] = [];
    const adds = numbers.map((number) => pods.add(number, (process) => void processes.push(process)));
    await pods.waiting(MOST_ADDS);
    expect(refused(await pods.other(1_000))).toMatchObject({
      code: 11,
      msg: "too many calls of kube-ipam wait on this node",
      details: expect.stringContaining("of 10 complete plugins 4 work while the others wait"),
    });
    silent(await pods.shim.run("DEL", pods.net, { container: "none" }));
    const other = pods.other();
    processes[0]?.kill("SIGKILL");
    added(await other);
    await pods.waiting(MOST_ADDS - 1);
    for (const number of numbers) silent(await pods.end(number));
    const [killed, ...results] = await Promise.all(adds);
    expect(killed?.signal).toBe("SIGKILL");
    expect(results.map((finished) => addressesOf(added(finished)))).toEqual(
      numbers.slice(1).map((number) => [addressOf(number)]),
    );
  },
);

alone("K247", "one that has waited goes on only in a place, whoever has those", async (world) => {
  using pods = new Successors(world);
  await pods.replaced(1);
  let ended = false;
  const add = pods.add(1).finally(() => {
    ended = true;
  });
  await pods.waiting(1);
  await using others = await takePlaces(pods.shim, [0, 1, 2]);
  silent(await pods.end(1));
  await Bun.sleep(500);
  expect(ended).toBe(false);
  await others[Symbol.asyncDispose]();
  expect(addressesOf(added(await add))).toEqual([addressOf(1)]);
});

/** Plays the complete plugins of an older version, which lock places and know of no seats. */
async function takePlaces(shim: UnattendedShim, numbers: readonly number[]): Promise<AsyncDisposable> {
  const before = shim.taken("places");
  const holders = numbers.map((number) =>
    Bun.spawn(["flock", "--no-fork", shim.place(number), "sleep", "60"], {
      stdio: ["ignore", "ignore", "ignore"],
    }),
  );
  await eventually(async () => shim.taken("places") >= before + numbers.length || undefined);
  return {
    async [Symbol.asyncDispose]() {
      for (const holder of holders) holder.kill("SIGKILL");
      await Promise.all(holders.map(({ exited }) => exited));
    },
  };
}

function addressOf(number: number): string {
  return `10.1.0.${100 + number}`;
}
