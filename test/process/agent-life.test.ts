import { expect, test } from "bun:test";
import { copyFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { ACKNOWLEDGEMENT, FRAME, FrameReader, readAnswer } from "../../src/agent/socket/protocol.ts";
import { Checker } from "../kit/checker.ts";
import { added, invoke, refused } from "../kit/cni.ts";
import { startDaemon } from "../kit/daemon.ts";
import { startEtcd } from "../kit/etcd.ts";
import { loopbackPorts } from "../kit/loopback-ports.ts";
import { RECORDED_REQUEST } from "../kit/recorded-frames.ts";
import type { Subject } from "../kit/subject.ts";
import { type AgentPlace, installShim, throughAgent } from "../kit/subject-agent.ts";
import { deployPlugin, kubeIpam, kubeIpamExecutable } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";
import { World } from "../kit/world.ts";

/** The agent over time: updated under load, given new certificates, put into a container. */

const SUBNET = { subnet: "10.1.0.0/16" };

test("restarted again and again under load: no ADD fails, nothing is lost, nothing is given twice", async () => {
  const { place, world } = await open();
  await using _ = world;
  const net = world.network(SUBNET);
  const checker = new Checker();
  let over = false;
  const restarting = (async () => {
    let restarts = 0;
    for (; !over; restarts += 1) {
      await Bun.sleep(50 + Math.random() * 100);
      await place.agent().stop(60_000);
      await place.startAgent();
    }
    return restarts;
  })();
  const live = async (lane: number) => {
    for (let round = 0; round < 15; round += 1) {
      const container = `c${lane}x${round}`;
      const attachment = { network: "net1", container, ifname: "eth0" };
      checker.gave(attachment, added(await world.run("ADD", net, { container })));
      if (round % 3 === 0) continue;
      await world.del(net, { container });
      checker.ended(attachment);
    }
  };
  try {
    await Promise.all([0, 1, 2, 3, 4].map(live));
  } finally {
    over = true;
  }
  expect(await restarting).toBeGreaterThan(1);
  expect(checker.faults(await world.held())).toEqual([]);
}, 180_000);

test("a shim of the first version is served", async () => {
  const { place, world } = await open();
  await using _ = world;
  // It names no folders: the node's file does.
  writeFileSync(place.env.KUBE_IPAM_CONFIG ?? "", JSON.stringify({ ...place.ipam, type: undefined }));
  const answer = await new Promise((resolve, reject) => {
    const reader = new FrameReader();
    const socket = connect(place.socket, () => socket.write(RECORDED_REQUEST));
    socket.once("error", reject);
    socket.on("data", (bytes: Buffer) => {
      for (const { kind, body } of reader.push(bytes)) {
        if (kind !== FRAME.answer) continue;
        resolve(readAnswer(body));
        socket.end(ACKNOWLEDGEMENT);
      }
    });
  });
  expect(answer).toEqual({ stdout: "", exitCode: 0 });
});

test("certificates that are put in place under a running agent are taken up", async () => {
  await using etcd = await startEtcd({ version: "3.4", tls: true });
  await etcd.ready();
  const { authority, client } = etcd;
  if (authority === undefined || client === undefined) throw new Error("expected certificates");
  const { world } = await open({
    name: "kube-ipam on etcd",
    type: "kube-ipam",
    ours: true,
    open: async () => ({ ...deployPlugin(), allocations: async () => [] }),
  });
  await using _ = world;
  const [certFile, keyFile] = [etcd.folder.file("node.crt"), etcd.folder.file("node.key")];
  const install = (from: { certFile: string; keyFile: string }) => {
    copyFileSync(from.certFile, certFile);
    copyFileSync(from.keyFile, keyFile);
  };
  install(await authority.issue({ name: "root", fromDay: -5, untilDay: -1 }));
  const etcdConfig = {
    etcdURL: etcd.endpoints.join(","),
    etcdCertFile: certFile,
    etcdKeyFile: keyFile,
    etcdTrustedCAFile: client.trustedCaFile,
  };
  const net = world.network({ ...SUBNET, etcdConfig });
  expect(refused(await world.run("ADD", net)).code).toBe(105);
  install(client);
  await world.add(net);
  // And once more, while a connection with the earlier ones is open.
  install(await authority.issue({ name: "root" }));
  await world.add(net, { container: "c2" });
}, 60_000);

test("in a mount namespace of its own it frees what is certainly gone, and nothing that it cannot see", async () => {
  await using world = await World.open(kubeIpam());
  const { place } = world;
  const net = world.network(SUBNET);
  await world.add(net, { container: "before" });
  writeFileSync(place.env.KUBE_IPAM_CONFIG ?? "", JSON.stringify({ ...place.ipam, type: undefined }));
  const socket = place.folder.file("container.sock");
  const command = ["unshare", "--mount", "--propagation", "private", kubeIpamExecutable(), "agent"];
  const agent = startDaemon("container", [...command, "--socket", socket], place.folder, {
    ...place.env,
    PATH: process.env.PATH ?? "",
  });
  try {
    await eventually(
      async () => (await Bun.file(socket).exists()) || agent.tail().includes("serves") || undefined,
    );
    // It has never seen this one's mount, and sees an empty file where it is.
    const unseen = await world.makeNamespace();
    await world.add(net, { container: "unseen", netns: unseen.path });
    const gone = await world.makeNamespace();
    await world.add(net, { container: "gone", netns: gone.path });
    await gone.remove();
    const held = async () => (await world.held()).map(({ container }) => container).sort();
    // Only the agent can have freed it: a verb of the plugin would have looked, too.
    await eventually(async () => !(await held()).includes("gone") || undefined);
    expect(await held()).toEqual(["before", "unseen"]);
  } finally {
    await agent.stop();
  }
}, 60_000);

test("an agent that does not see the namespaces leaves their ADDs to the complete plugin, and says so", async () => {
  await using world = await World.open(kubeIpam());
  const { place, namespace } = world;
  const { executable, socket } = installShim(place.folder, kubeIpamExecutable());
  const script = `mount -t tmpfs none /run; exec "$@"`;
  const [port] = await loopbackPorts(1);
  const ready = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
  const command = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh"];
  const agent = startDaemon(
    "blind",
    [...command, kubeIpamExecutable(), "agent", "--socket", socket, "--listen", `127.0.0.1:${port}`],
    place.folder,
    { ...place.env, PATH: process.env.PATH ?? "" },
  );
  try {
    await eventually(async () => agent.output().includes("the agent serves") || undefined);
    expect(await ready()).toBe(200);
    const call = { container: "c1", ifname: "eth0", netns: namespace.path };
    const env = { ...place.env, KUBE_IPAM_AGENT_SOCKET: socket };
    for (const container of ["c1", "c2"])
      added(await invoke(executable, "ADD", { ...call, container }, world.network(SUBNET), { env }));
    expect(agent.output().match(/the agent sees no network namespace/g)).toHaveLength(1);
    expect(await ready()).toBe(503);
    const none = await invoke(
      executable,
      "ADD",
      { ...call, netns: "/run/netns/none" },
      world.network(SUBNET),
      {
        env,
      },
    );
    expect(refused(none).code).toBe(4);
  } finally {
    await agent.stop();
  }
}, 60_000);

async function open(plain: Subject = kubeIpam()): Promise<{ place: AgentPlace; world: World }> {
  const places: AgentPlace[] = [];
  const world = await World.open({
    ...plain,
    agent: true,
    open: async () => {
      const place = await throughAgent(plain, plain.name === "kube-ipam" ? "full" : "none");
      places.push(place);
      return place;
    },
  });
  const [place] = places;
  if (place === undefined) throw new Error("expected a place");
  return { place, world };
}
