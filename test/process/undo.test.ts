import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { object, startFakeApi } from "../../src/kubernetes/testing/fake-api.ts";
import { alone, everywhere, ours } from "../kit/case.ts";
import { added, addressesOf, environment } from "../kit/cni.ts";
import { type Finished, run } from "../kit/run.ts";
import { slowDisk } from "../kit/trace.ts";
import { eventually } from "../kit/wait.ts";
import type { World } from "../kit/world.ts";

/** docs/behaviour.md A31, K10, K12: an ADD whose result reaches nobody undoes exactly itself (ONLY-MINE). */

const SUBNET = { subnet: "10.1.2.0/24" };

/** Shells that give the plugin ($0) a stdout on which nothing can be written. */
const BROKEN_STDOUT: Readonly<Record<string, string>> = {
  "whose reader is gone": 'exec 3> >(exit 0); sleep 0.3; exec "$0" >&3',
  "on a full disk": 'exec "$0" >/dev/full',
};

/** Without a stdout at all; the runtime may then give its number to the next file that is opened. */
const CLOSED_STDOUT = 'exec "$0" >&-';

for (const [kind, shell] of Object.entries(BROKEN_STDOUT)) {
  ours("A31", `a result on a stdout ${kind} is undone`, async (world) => {
    const finished = await throughShell(world, shell, "c1");
    expect(finished.exitCode).not.toBe(0);
    expect(await world.held()).toEqual([]);
    // An agent writes its line after the answer.
    const line = await eventually(async () => /^.* ERROR ADD .*$/m.exec(await logOf(world))?.[0]);
    expect(line).toContain('outcome="error 5"');
    expect(line).toMatch(/could not be printed: .*: its addresses were released/);
  });

  ours("A31", `a repeated ADD on a stdout ${kind} keeps what the first one printed`, async (world) => {
    const first = await world.add(world.network(SUBNET));
    await throughShell(world, shell, "c1");
    // The first result was printed and stays good; or the address is gone and CHECK says so.
    const held = await world.heldAddresses();
    expect([addressesOf(first), []]).toContainEqual(held);
  });
}

ours("A31", "a closed stdout spoils no file", async (world) => {
  const finished = await throughShell(world, CLOSED_STDOUT, "c1");
  expect((await world.held()).length).toBe(finished.exitCode === 0 ? 1 : 0);
  expect(await world.address(world.network(SUBNET), { container: "c2" })).not.toBe("");
});

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  ours("K12", `${signal} at any time leaves a printed result or nothing`, async (world) => {
    const net = world.network(SUBNET);
    for (let milliseconds = 2; milliseconds < 60; milliseconds += 6) {
      const container = `c${milliseconds}`;
      const finished = await world.run(
        "ADD",
        net,
        { container },
        {
          started: (process) => setTimeout(() => process.kill(signal), milliseconds),
        },
      );
      const held = (await world.held()).filter((each) => each.container === container);
      const printed = finished.exitCode === 0 ? addressesOf(added(finished)) : [];
      // A process ended by the signal before it could undo is the same as one killed: DEL frees it.
      if (finished.signal === null) expect(held.map((each) => each.address)).toEqual(printed);
      await world.del(net, { container });
    }
    expect(await world.held()).toEqual([]);
  });
}

alone("K12", "SIGTERM while the disk is slow is answered by undoing", async (world) => {
  const net = world.network(SUBNET);
  await world.add(net, { container: "warm" });
  let tracer = 0;
  const started = ({ pid }: { pid: number }) => {
    tracer = pid;
  };
  const began = world.run("ADD", net, {}, { prefix: slowDisk(400), started });
  await untilWorkBegins(world, "c1");
  await Bun.sleep(300);
  terminateChildren(tracer);
  const finished = await began;
  const held = (await world.held()).filter((each) => each.container === "c1");
  expect(held.length).toBe(finished.exitCode === 0 ? 1 : 0);
});

alone("K10", "a DEL that overtakes a slow ADD wins", async (world) => {
  const net = world.network(SUBNET);
  await world.add(net, { container: "warm" });
  for (const wait of [0, 150, 300, 450, 600]) {
    const call = { container: `c${wait}` };
    const slow = world.run("ADD", net, call, { prefix: slowDisk(250) });
    await untilWorkBegins(world, call.container);
    await Bun.sleep(wait);
    await world.del(net, call);
    const finished = await slow;
    const held = (await world.held()).filter((each) => each.container === call.container);
    expect(held).toEqual([]);
    if (finished.exitCode !== 0) world.refusal(finished, { code: 11, text: /DEL|cancel/i });
    await world.del(net, call);
  }
});

ours(
  "K10",
  "a DEL that comes while an ADD waits for Kubernetes wins",
  async (world) => {
    const api = startFakeApi();
    try {
      const { promise: answer, resolve } = Promise.withResolvers<Response>();
      api.answers.set("/api/v1/namespaces/default/pods/p", () => answer);
      api.answers.set("/api/v1/namespaces/kube-system", object("kube-system", "cluster"));
      const net = world.network({ ...SUBNET, nodeLocal: true, kubeConfig: api.kubeConfig() });
      const args = "K8S_POD_NAMESPACE=default;K8S_POD_NAME=p;K8S_POD_UID=u;IgnoreUnknown=1";
      const slow = world.run("ADD", net, { args });
      await eventually(async () => api.requests.find(({ path }) => path.endsWith("/pods/p")));
      await world.del(net);
      resolve(Response.json(object("p", "u")));
      world.refusal(await slow, { code: 11, text: /cancelled by a DEL/ });
      expect(await world.held()).toEqual([]);
    } finally {
      api.close();
    }
  },
  { notOnKubernetes: "the stand-in for Kubernetes has no store: test/kubernetes-store has the case" },
);

alone("K10", "ADDs that still wait when a DEL comes are cancelled by it", async (world) => {
  const net = world.network(SUBNET);
  await world.add(net, { container: "warm" });
  for (let round = 0; round < 4; round += 1) {
    const call = { container: `c${round}` };
    const slow = world.run("ADD", net, call, { prefix: slowDisk(150) });
    await untilWorkBegins(world, call.container);
    const pids: number[] = [];
    const started = ({ pid }: { pid: number }) => pids.push(pid);
    const waiting = [1, 2, 3].map(() => world.run("ADD", net, call, { started }));
    await eventually(async () => pids.filter((pid) => holdsLockFile(world, pid)).length === 3 || undefined);
    await Promise.all([world.del(net, call), slow, ...waiting]);
    expect((await world.held()).map((each) => each.container)).toEqual(["warm"]);
  }
});

alone("K10", "an ADD whose namespace vanishes while it runs keeps nothing", async (world) => {
  const net = world.network(SUBNET);
  await world.add(net, { container: "warm" });
  const namespace = await world.makeNamespace();
  const slow = world.run("ADD", net, { netns: namespace.path }, { prefix: slowDisk(300) });
  await untilWorkBegins(world, "c1");
  await Bun.sleep(300);
  await namespace.remove();
  const finished = await slow;
  const held = (await world.held()).filter((each) => each.container === "c1");
  if (finished.exitCode !== 0) expect(held).toEqual([]);
});

everywhere("K9", "DEL works with a stdout that nobody reads", async (world) => {
  await world.add(world.network(SUBNET));
  await throughShell(world, CLOSED_STDOUT, "c1", "DEL");
  expect(await world.held()).toEqual([]);
});

function logOf(world: World): Promise<string> {
  return Bun.file(world.place.folder.file("kube-ipam.log")).text();
}

function throughShell(world: World, shell: string, container: string, verb = "ADD"): Promise<Finished> {
  const call = { container, netns: world.namespace.path, ifname: "eth0", path: "/opt/cni/bin" };
  return run(["bash", "-c", shell, world.place.executable], {
    env: { ...world.place.env, ...environment(verb, call) },
    stdin: JSON.stringify(world.network(SUBNET)),
  });
}

/** Resolves once some process has the attachment's lock file, which exists only while work goes on. */
async function untilWorkBegins(world: World, container: string): Promise<void> {
  const locks = world.place.folder.file("run", "locks");
  const begun = () => existsSync(locks) && readdirSync(locks).some((file) => file.includes(`@${container}@`));
  await eventually(async () => (begun() ? true : undefined));
}

/** Whether the process is over, or has come as far as opening a file among the node's locks. */
function holdsLockFile(world: World, pid: number): boolean {
  const locks = world.place.folder.file("run", "locks");
  try {
    const files = readdirSync(`/proc/${pid}/fd`);
    return files.some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(locks));
  } catch {
    // Ended, or the file was closed meanwhile: the next look tells.
    return !existsSync(`/proc/${pid}`);
  }
}

/** Sends SIGTERM to the plugin itself rather than to the tracer around it, if they are not over. */
function terminateChildren(pid: number): void {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").match(/\d+/g) ?? [];
    for (const child of children) process.kill(Number(child), "SIGTERM");
  } catch (failure) {
    if (!["ENOENT", "ESRCH"].includes(String((failure as NodeJS.ErrnoException).code))) throw failure;
  }
}
