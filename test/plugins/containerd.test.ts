import { expect } from "bun:test";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { readCachedResults } from "../../src/node/libcni-cache.ts";
import { everywhere } from "../kit/case.ts";
import { BUSYBOX, type Containerd, startContainerd } from "../kit/containerd.ts";
import { withoutRealRoot } from "../kit/machine.ts";
import { uniqueName } from "../kit/namespaces.ts";
import { run, tool } from "../kit/run.ts";
import { DEBIAN_PLUGINS } from "../kit/subject-host-local.ts";
import { eventually } from "../kit/wait.ts";
import type { World } from "../kit/world.ts";

/** The whole way from a container runtime: containerd calls bridge, bridge calls the plugin under test. */

const TITLE = "a container gets its address from the plugin and gives it back";

async function containerLife(world: World): Promise<void> {
  await using containerd = await startContainerd(world.place.folder);
  const bridge = uniqueName("br");
  await layOut(world, bridge);
  const script = "ip -o -4 addr show dev eth0; ping -c 1 -w 5 10.1.2.1";
  const running = runContainer(world, containerd, "c1", script);
  try {
    // host-local makes a file first and writes the container into it afterwards.
    const held = await eventually(async () => (await world.held()).find(({ ifname }) => ifname !== ""));
    expect(held).toMatchObject({
      network: "net1",
      address: "10.1.2.2",
      container: "default-c1",
      ifname: "eth0",
    });
    // What a recovery reads where the own journal is lost.
    const noted = await eventually(async () =>
      readCachedResults("/var/lib/cni").results.find(({ container }) => container === "default-c1"),
    );
    expect(noted).toMatchObject({
      network: "net1",
      ifname: "eth0",
      result: { ips: [{ address: "10.1.2.2/24" }] },
    });
    expect(noted.netns).not.toBe("");
    expect(JSON.parse(noted.config)).toMatchObject({ name: "net1", plugins: [{ type: "bridge" }] });
    await running.end();
    const finished = await running.finished;
    expect(finished.stdout).toContain("inet 10.1.2.2/24");
    expect(finished.stdout).toContain("1 packets received");
    expect(await world.held()).toEqual([]);
  } finally {
    // A container that lives on keeps its mounts, and with them this test's folder.
    await running.end();
    await running.finished;
    await tool("ip", "link", "del", bridge);
  }
}

everywhere("containerd", TITLE, containerLife, { missing: withoutRealRoot() });

/** What `ctr` is to find as /etc/cni and /opt/cni. */
async function layOut(world: World, bridge: string): Promise<void> {
  const { folder } = world.place;
  const bin = folder.file("opt", "cni", "bin");
  mkdirSync(bin, { recursive: true });
  for (const main of ["bridge", "loopback"]) symlinkSync(join(DEBIAN_PLUGINS, main), join(bin, main));
  symlinkSync(world.place.executable, join(bin, world.subject.type));
  const { ipam } = world.network({ subnet: "10.1.2.0/24" });
  const plugins = [{ type: "bridge", bridge, isGateway: true, ipam }];
  const list = { cniVersion: "1.0.0", name: "net1", plugins };
  await Bun.write(folder.file("etc", "cni", "net.d", "10-net1.conflist"), JSON.stringify(list));
  mkdirSync(folder.file("scratch"));
}

/** `ctr run --cni` of a shell script that lives on until `end()`. */
function runContainer(world: World, containerd: Containerd, name: string, script: string) {
  const { folder } = world.place;
  const mount = `type=bind,src=${folder.path},dst=/world,options=rbind:ro`;
  const untilStop = `${script}; while ! test -e /world/stop; do sleep 0.1; done`;
  const command = containerd.ctr(
    ...["run", "--rm", "--cni", "--snapshotter", "native", "--mount", mount],
    ...[BUSYBOX, name, "sh", "-c", untilStop],
  );
  const finished = run([...inOwnMounts(folder.path), ...command], { env: world.place.env });
  return { finished, end: () => Bun.write(folder.file("stop"), "") };
}

/**
 * ctr knows no option for CNI's folders, so it runs in a mount namespace of its own, in which ours
 * lie over the machine's /etc and /opt.
 */
function inOwnMounts(folder: string): string[] {
  const script = `set -e; cd ${folder}; mount -t tmpfs scratch scratch; mkdir scratch/work; cp -r etc scratch/upper
    mount -t overlay etc -o lowerdir=/etc,upperdir=scratch/upper,workdir=scratch/work /etc
    mount --bind opt /opt; exec "$@"`;
  return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"];
}
