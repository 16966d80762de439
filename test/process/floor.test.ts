import { expect } from "bun:test";
import { ours } from "../kit/case.ts";
import { added } from "../kit/cni.ts";
import { withoutRealRoot } from "../kit/machine.ts";
import { makeMemoryGroup } from "../kit/memory-group.ts";
import { run, tool } from "../kit/run.ts";
import { unattendedShim } from "../kit/unattended-shim.ts";
import type { World } from "../kit/world.ts";

/** What the executable asks of the machine it lands on. */

/** Oldest C library it must run on: that of Debian 10 and RHEL 8. */
const OLDEST_GLIBC = [2, 28] as const;

ours("floor", "it needs the C library's own parts and nothing else", async (world) => {
  const linked = await tool("ldd", world.place.executable);
  const names = [...linked.matchAll(/^\s*(\S+?)(?:\.so\S*)? (?:=>|\()/gm)].map((match) => match[1]);
  const allowed = ["linux-vdso", "libc", "libm", "libdl", "libpthread", "/lib64/ld-linux-x86-64"];
  expect(names.filter((name) => !allowed.includes(name ?? ""))).toEqual([]);
});

ours("floor", `it runs with glibc ${OLDEST_GLIBC.join(".")}`, async (world) => {
  const symbols = await run([
    "sh",
    "-c",
    'grep -aoE "GLIBC_[0-9]+\\.[0-9]+" "$0" | sort -u',
    world.place.executable,
  ]);
  const versions = [...symbols.stdout.matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(([, major, minor]) => [
    Number(major),
    Number(minor),
  ]);
  expect(versions.length).toBeGreaterThan(0);
  const newer = versions.filter(
    ([major = 0, minor = 0]) => major > OLDEST_GLIBC[0] || minor > OLDEST_GLIBC[1],
  );
  expect(newer).toEqual([]);
});

async function fourInASmallGroup(world: World): Promise<void> {
  const net = world.network({ subnet: "10.1.2.0/24" });
  using group = makeMemoryGroup(100 * 1024 * 1024);
  const { prefix } = group;
  const adds = await Promise.all([0, 1, 2, 3].map((n) => world.add(net, { container: `c${n}` }, { prefix })));
  expect(adds.length).toBe(4);
  expect(group.kills()).toBe(0);
}

ours("floor", "four cold ADDs at once fit into a cgroup of 100 MiB", fourInASmallGroup, {
  missing: withoutRealRoot(),
});

/** After a boot a runtime starts all pods of its node at once, before any agent is there. */
async function fortyBehindTheShim(world: World): Promise<void> {
  const net = world.network({ subnet: "10.1.2.0/24" });
  using group = makeMemoryGroup(100 * 1024 * 1024);
  const { prefix } = group;
  const shim = unattendedShim(world);
  const adds = await Promise.all(
    Array.from({ length: 40 }, (_, n) => shim.run("ADD", net, { container: `c${n}` }, { prefix })),
  );
  expect(adds.map((finished) => added(finished).ips.length)).toEqual(adds.map(() => 1));
  expect(group.kills()).toBe(0);
}

ours("K160", "behind the shim forty cold ADDs at once fit there, too", fortyBehindTheShim, {
  missing: withoutRealRoot(),
});

ours("floor", "it runs on a processor without AVX2", async (world) => {
  const prefix = ["qemu-x86_64", "-cpu", "Nehalem"];
  const result = await world.add(world.network({ subnet: "10.1.2.0/24" }), {}, { prefix });
  expect(result.ips[0]?.address).toBe("10.1.2.2/24");
});

ours("floor", "a .env in the folder it is started in has no say", async (world) => {
  await Bun.write(world.place.folder.file(".env"), "CNI_COMMAND=VERSION\n");
  const script = 'cd "$0" && exec "$1" --version';
  const { stdout } = await run(["sh", "-c", script, world.place.folder.path, world.place.executable]);
  expect(stdout).toContain("Version: kube-ipam v");
});
