import { expect } from "bun:test";
import { mkdirSync, statSync } from "node:fs";
import { alone, ours } from "../kit/case.ts";
import { added } from "../kit/cni.ts";
import { eventually } from "../kit/wait.ts";
import type { World } from "../kit/world.ts";

/** docs/behaviour.md K29: the log is for people; it never fails a verb and never reaches stdout. */

const SUBNET = { subnet: "10.1.2.0/24" };

const UNUSABLE: Readonly<Record<string, (world: World) => string>> = {
  "in a folder that cannot be made": () => "/proc/no/such/folder/kube-ipam.log",
  "on a full disk": () => "/dev/full",
  "that is a folder": (world) => {
    mkdirSync(world.place.folder.file("log-folder"));
    return world.place.folder.file("log-folder");
  },
};

for (const [kind, path] of Object.entries(UNUSABLE)) {
  ours("K29", `a log ${kind} harms no verb`, async (world) => {
    const net = world.network({ ...SUBNET, logFile: path(world), logLevel: "debug" });
    const prevResult = await world.add(net);
    await world.quietly("CHECK", { ...net, prevResult });
    await world.del(net);
  });
}

ours("log", "a log that leads to stdout leaves the result alone", async (world) => {
  const net = world.network({ ...SUBNET, logFile: "/dev/stdout", logLevel: "debug" });
  const finished = await world.run("ADD", net);
  expect(added(finished).ips.length).toBe(1);
  if (world.subject.agent !== true) expect(finished.stderr).toContain("INFO ADD");
});

ours("log", "each verb writes one line with what a person looks for", async (world) => {
  const net = world.network(SUBNET);
  await world.add(net, { container: "logged-container" });
  await world.del(net, { container: "logged-container" });
  // An agent writes its line after the answer.
  const [add, del] = await eventually(async () => {
    const lines = (await logOf(world)).filter((line) => line.includes("logged-container"));
    return lines.length >= 2 ? lines : undefined;
  });
  for (const word of ["ADD", "net1", "10.1.2.2"]) expect(add).toContain(word);
  for (const word of ["DEL", "net1", "10.1.2.2"]) expect(del).toContain(word);
});

ours("log", "refusals are logged", async (world) => {
  await world.refused("ADD", world.network(SUBNET), { args: "IP=10.1.2.1" }, { code: 102 });
  // An agent writes its line after the answer.
  const logged = () =>
    logOf(world).then(
      (lines) => lines.some((line) => line.includes("102")) || undefined,
      () => undefined,
    );
  await eventually(logged);
});

alone("log", "a configuration that is wrong is told in the log that it names", async (world) => {
  await world.refused("ADD", world.network({ subnet: "10.1.2.300/24" }), {}, { code: 7 });
  const [line] = await logOf(world);
  expect(line).toContain("ERROR ADD network=net1 container=c1");
  expect(line).toContain("10.1.2.300/24");
});

alone("log", "but where the node's file names the log, only that one counts", async (world) => {
  const logFile = world.place.folder.file("node.log");
  await Bun.write(world.place.env.KUBE_IPAM_CONFIG ?? "", JSON.stringify({ logFile }));
  await world.refused("ADD", world.network({ subnet: "10.1.2.0/24" }), {}, { code: 7, text: /locked/ });
  expect(await Bun.file(logFile).text()).toContain("is locked by");
  expect(await Bun.file(world.place.folder.file("kube-ipam.log")).exists()).toBe(false);
});

ours("log", "lines of 40 processes at once stay whole", async (world) => {
  const net = world.network(SUBNET);
  const containers = Array.from({ length: 40 }, (_, n) => `container-${n}-end`);
  await Promise.all(containers.map((container) => world.add(net, { container })));
  const ofAdds = async () => (await logOf(world)).filter((line) => line.includes("ADD"));
  // An agent writes its line after the answer.
  await eventually(async () => (await ofAdds()).length >= containers.length || undefined);
  const lines = await ofAdds();
  for (const container of containers) {
    expect(lines.filter((line) => line.includes(container)).length).toBe(1);
  }
});

ours("K29", "the log is not readable for everybody", async (world) => {
  await world.add(world.network(SUBNET));
  const file = world.place.folder.file("kube-ipam.log");
  // An agent writes its line after the answer.
  const { mode } = await eventually(async () => statSync(file, { throwIfNoEntry: false }));
  expect(mode & 0o007).toBe(0);
});

async function logOf(world: World): Promise<string[]> {
  const text = await Bun.file(world.place.folder.file("kube-ipam.log")).text();
  expect(text.endsWith("\n")).toBe(true);
  return text.trimEnd().split("\n");
}
