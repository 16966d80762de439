import { expect, test } from "bun:test";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { requestFrame } from "../../src/agent/socket/protocol.ts";
import { Checker } from "../kit/checker.ts";
import { added, environment, refused } from "../kit/cni.ts";
import { startDaemon } from "../kit/daemon.ts";
import { startEtcd } from "../kit/etcd.ts";
import { loopbackPorts } from "../kit/loopback-ports.ts";
import { run } from "../kit/run.ts";
import type { Subject } from "../kit/subject.ts";
import { type AgentPlace, throughAgent } from "../kit/subject-agent.ts";
import { deployPlugin, kubeIpam, kubeIpamExecutable } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";
import { World } from "../kit/world.ts";

/** The agent as a process: who may serve, what a crash, a freeze or a restart of it leaves behind. */

const SUBNET = { subnet: "10.1.0.0/16" };
const NO_ATTACHMENT = { container: undefined, netns: undefined, ifname: undefined };

test("only root may connect", async () => {
  await using field = await open();
  expect(statSync(field.place.socket).mode & 0o777).toBe(0o600);
});

test("says what it is and takes, and refuses what it does not know", async () => {
  const agent = (...args: string[]) => run([kubeIpamExecutable(), "agent", ...args]);
  const help = await agent("--help");
  expect([help.exitCode, help.stderr]).toEqual([0, ""]);
  for (const option of ["--socket", "--listen", "--host-kubeconfig", "--host-etcd"])
    expect(help.stdout).toContain(option);
  const wrong = await agent("--sockets", "/tmp/x");
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toContain("unknown option '--sockets'");
});

test("two agents on one socket refuse each other", async () => {
  await using field = await open();
  const { place } = field;
  const second = await run([kubeIpamOf(place), "agent", "--socket", place.socket], { env: place.env });
  expect([second.exitCode, second.stderr]).toEqual([
    1,
    `kube-ipam agent: another agent serves '${place.socket}': stop it, or give this one another --socket\n`,
  ]);
  await field.world.add(field.world.network(SUBNET));
});

test("an agent that was killed leaves a stale socket, which the next one replaces", async () => {
  await using field = await open();
  const { place, world } = field;
  await kill(place);
  expect(refused(await world.run("ADD", world.network(SUBNET))).code).toBe(11);
  await place.startAgent();
  await world.add(world.network(SUBNET));
});

test("SIGTERM ends the agent, its socket is gone and the complete plugin goes on", async () => {
  await using field = await open("full");
  const { place, world } = field;
  const net = world.network(SUBNET);
  const before = await world.add(net);
  await place.agent().stop();
  expect(readdirSync(place.folder.path)).not.toContain("agent.sock");
  expect(await world.add(net)).toEqual(before);
  await world.del(net);
  expect(await world.held()).toEqual([]);
});

test("a frozen agent does not begin what its shim has given up", async () => {
  await using field = await open("full");
  const { place, world } = field;
  const net = world.network(SUBNET);
  await world.add(net);
  place.agent().signal("SIGSTOP");
  await world.del(net);
  await world.add(net);
  place.agent().signal("SIGCONT");
  await world.add(net, { container: "c2" });
  expect((await world.held()).map(({ container }) => container).sort()).toEqual(["c1", "c2"]);
}, 30_000);

test("an ADD whose shim vanished is undone", async () => {
  await using field = await open();
  const { place, world } = field;
  const stdin = JSON.stringify(world.network(SUBNET));
  const env = environment("ADD", { container: "c1", ifname: "eth0", netns: world.namespace.path });
  const socket = connect(place.socket);
  // Takes the answer, and says nothing.
  const answered = new Promise((resolve) => socket.once("data", resolve));
  socket.write(requestFrame({ env, stdin }));
  await answered;
  expect((await world.held()).length).toBe(1);
  socket.destroy();
  await eventually(async () => (await world.held()).length === 0 || undefined);
});

test("garbage on the socket harms nobody else", async () => {
  await using field = await open();
  const { place, world } = field;
  for (let round = 0; round < 200; round += 1) {
    const socket = connect(place.socket).on("error", () => undefined);
    const bytes = crypto.getRandomValues(new Uint8Array(1 + (round % 50)));
    if (round % 2 === 0) bytes.set([1, 1, 0, 0, 0, bytes.length - 6].slice(0, bytes.length));
    socket.end(bytes);
  }
  await world.add(world.network(SUBNET));
  expect(place.agent().running()).toBe(true);
});

test("200 ADDs at once have 200 addresses, and nothing stays open", async () => {
  await using field = await open();
  const { place, world } = field;
  const net = world.network(SUBNET);
  await world.add(net, { container: "first" });
  const before = descriptors(place);
  const checker = new Checker();
  checker.gave(
    { network: "net1", container: "first", ifname: "eth0" },
    await world.add(net, { container: "first" }),
  );
  await Promise.all(
    Array.from({ length: 200 }, async (_, n) => {
      const container = `c${n}`;
      checker.gave({ network: "net1", container, ifname: "eth0" }, await world.add(net, { container }));
    }),
  );
  expect(checker.faults(await world.held())).toEqual([]);
  await eventually(async () => descriptors(place) <= before || undefined);
}, 180_000);

test("the agent killed at random under load: no duplicate, nothing lost, nothing leaked", async () => {
  await using field = await open("full");
  const { place, world } = field;
  const net = world.network(SUBNET);
  const checker = new Checker();
  let over = false;
  const killing = (async () => {
    let kills = 0;
    for (; !over; kills += 1) {
      await Bun.sleep(20 + Math.random() * 120);
      await kill(place);
      await Bun.sleep(Math.random() * 50);
      await place.startAgent();
    }
    return kills;
  })();
  const live = async (lane: number) => {
    for (let round = 0; round < 12; round += 1) {
      const container = `c${lane}x${round}`;
      const attachment = { network: "net1", container, ifname: "eth0" };
      // An ADD never fails for want of an agent.
      checker.gave(attachment, added(await world.run("ADD", net, { container })));
      if (round % 3 === 0) continue;
      await world.del(net, { container });
      checker.ended(attachment);
    }
  };
  try {
    await Promise.all([0, 1, 2, 3, 4, 5].map(live));
  } finally {
    over = true;
  }
  expect(await killing).toBeGreaterThan(2);
  expect(checker.faults(await world.held())).toEqual([]);
}, 120_000);

test("dead sandboxes are freed without any verb, and counted", async () => {
  await using field = await open();
  const { world } = field;
  const net = world.network(SUBNET);
  for (const container of ["c1", "c2", "c3", "c4", "c5", "c6"]) {
    const namespace = await world.makeNamespace();
    await world.add(net, { container, netns: namespace.path });
    await namespace.remove();
  }
  await world.add(net, { container: "alive" });
  await eventually(async () => (await world.held()).length === 1 || undefined);
  expect((await world.held()).map(({ container }) => container)).toEqual(["alive"]);
}, 30_000);

test("a DEL during an outage of the store succeeds once it is kept, and frees when the store is back", async () => {
  await using etcd = await startEtcd({ version: "3.4" });
  if (etcd === undefined) throw new Error("expected Debian's etcd 3.4: run scripts/setup.sh test");
  await etcd.ready();
  const [member] = etcd.members;
  if (member === undefined) throw new Error("expected a member");
  await using field = await open("none", onEtcd(member.endpoint));
  const { world } = field;
  const net = world.network({ ...SUBNET, etcdConfig: { etcdURL: member.endpoint } });
  await world.add(net, { container: "c1" });
  await world.add(net, { container: "c2" });
  await member.kill();
  await world.del(net, { container: "c1" });
  expect(
    refused(await world.run("ADD", net, { container: "c3" }, { env: { KUBE_IPAM_DEADLINE_MS: "3000" } }))
      .code,
  ).toBe(11);
  member.start();
  await etcd.ready();
  const left = await eventually(async () => {
    const status = await world.run("STATUS", { ...net, cniVersion: "1.1.0" }, NO_ATTACHMENT);
    return status.exitCode === 0 ? true : undefined;
  });
  expect(left).toBe(true);
  const kept = world.place.folder.file("data", "kept");
  await eventually(async () => readdirSync(kept).length === 0 || undefined);
  const again = await world.add(net, { container: "c2" });
  expect(again.ips.length).toBe(1);
}, 90_000);

test("health and metrics are served, and no label names a pod, an address or a container", async () => {
  await using field = await open();
  const { place, world } = field;
  await world.add(world.network(SUBNET), { container: "container-of-secret-name" });
  const [port] = await loopbackPorts(1);
  const socket = place.folder.file("second.sock");
  const command = [kubeIpamOf(place), "agent", "--socket", socket, "--listen", `127.0.0.1:${port}`];
  const daemon = startDaemon("second", command, place.folder, place.env);
  try {
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
    expect((await eventually(() => get("/healthz"))).status).toBe(200);
    expect((await get("/readyz"))?.status).toBe(200);
    const call = { container: "container-of-secret-name" };
    await world.add(world.network(SUBNET), call, { env: { KUBE_IPAM_AGENT_SOCKET: socket } });
    const text = (await (await get("/metrics"))?.text()) ?? "";
    expect(text).toContain('kube_ipam_agent_verbs_total{verb="ADD",code="0"} 1');
    expect(text).toMatch(
      /kube_ipam_agent_store_duration_seconds_count\{operation="commit",outcome="ok"\} \d/,
    );
    expect(text).not.toMatch(/container-of-secret-name|10\.1\.0|net1/);
  } finally {
    await daemon.stop();
  }
});

test("a DEL that is only kept is counted at once and logged as such; a file that nobody can read is named", async () => {
  const [port, nobody] = await loopbackPorts(2);
  await using field = await open("none", onEtcd("nobody"));
  const { place, world } = field;
  const net = world.network({ ...SUBNET, etcdConfig: { etcdURL: `http://127.0.0.1:${nobody}` } });
  const socket = place.folder.file("second.sock");
  const daemon = startDaemon(
    "second",
    [kubeIpamOf(place), "agent", "--socket", socket, "--listen", `127.0.0.1:${port}`],
    place.folder,
    place.env,
  );
  const kept = async () => {
    const text = await fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text());
    return Number(/^kube_ipam_agent_kept_releases (\d+)$/m.exec(text)?.[1]);
  };
  try {
    expect(await eventually(() => kept().catch(() => undefined))).toBe(0);
    const env = { KUBE_IPAM_AGENT_SOCKET: socket, KUBE_IPAM_DEADLINE_MS: "2000" };
    expect((await world.run("DEL", net, { container: "c1" }, { env })).exitCode).toBe(0);
    expect(await kept()).toBe(1);
    // The agent writes the verb's line after the answer.
    const log = Bun.file(place.folder.file("kube-ipam.log"));
    const line = () => log.text().then((text) => text.match(/ DEL .*container=c1 .*/)?.[0]);
    expect(await eventually(() => line().catch(() => undefined))).toMatch(/outcome=ok kept=true /);
    writeFileSync(place.folder.file("data", "kept", "half.json"), "{");
    expect(await kept()).toBe(2);
    const told = () => daemon.output().match(/cannot read a kept DEL.* file=.*half\.json/g)?.length;
    await eventually(async () => told());
    // A later round meets it again, and the store that nobody recovered.
    for (const later of ["second.json", "third.json"]) {
      writeFileSync(place.folder.file("data", "kept", later), "{");
      await eventually(async () => daemon.output().includes(later) || undefined);
    }
    expect(told()).toBe(1);
    const reasons = [
      ...daemon.output().matchAll(/cannot look at the store, or for dead sandboxes reason=(.*)/g),
    ].map(([, why]) => why);
    expect(reasons.length).toBeGreaterThan(0);
    expect(reasons.filter((why, index) => why === reasons[index - 1])).toEqual([]);
    expect(daemon.output()).not.toContain("recover");
  } finally {
    await daemon.stop();
  }
}, 90_000);

interface Field extends AsyncDisposable {
  readonly world: World;
  readonly place: AgentPlace;
}

async function open(fallback: "full" | "none" = "none", plain: Subject = kubeIpam()): Promise<Field> {
  const places: AgentPlace[] = [];
  const world = await World.open({
    ...plain,
    agent: true,
    open: async () => {
      const place = await throughAgent(plain, fallback);
      places.push(place);
      return place;
    },
  });
  const [place] = places;
  if (place === undefined) throw new Error("expected a place");
  return { world, place, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() };
}

function onEtcd(endpoint: string): Subject {
  const open = async () => ({ ...deployPlugin(), allocations: async () => [] });
  return { name: `kube-ipam on ${endpoint}`, type: "kube-ipam", ours: true, open };
}

async function kill(place: AgentPlace): Promise<void> {
  const agent = place.agent();
  agent.signal("SIGKILL");
  await eventually(async () => !agent.running() || undefined);
}

function kubeIpamOf(place: AgentPlace): string {
  return place.folder.file("bin", "kube-ipam.full");
}

function descriptors(place: AgentPlace): number {
  return readdirSync(`/proc/${place.agent().pid}/fd`).length;
}
