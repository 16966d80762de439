import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ours } from "../kit/case.ts";
import { added, invoke } from "../kit/cni.ts";
import { withoutRealRoot } from "../kit/machine.ts";
import { uniqueName } from "../kit/namespaces.ts";
import { run, tool } from "../kit/run.ts";
import { shimExecutable } from "../kit/subject-agent.ts";
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
  const group = memoryGroup(100 * 1024 * 1024);
  try {
    const prefix = ["sh", "-c", `echo $$ > ${join(group, "cgroup.procs")}; exec "$@"`, "sh"];
    const adds = await Promise.all(
      [0, 1, 2, 3].map((n) => world.add(net, { container: `c${n}` }, { prefix })),
    );
    expect(adds.length).toBe(4);
    expect(await killsIn(group)).toBe(0);
  } finally {
    rmdirSync(group);
  }
}

ours("floor", "four cold ADDs at once fit into a cgroup of 100 MiB", fourInASmallGroup, {
  missing: withoutRealRoot(),
});

/** After a boot a runtime starts all pods of its node at once, before any agent is there. */
async function fortyBehindTheShim(world: World): Promise<void> {
  const net = world.network({ subnet: "10.1.2.0/24" });
  const group = memoryGroup(100 * 1024 * 1024);
  const env = {
    ...world.place.env,
    KUBE_IPAM_FULL: world.place.executable,
    KUBE_IPAM_AGENT_SOCKET: world.place.folder.file("turns", "agent.sock"),
  };
  try {
    const prefix = ["sh", "-c", `echo $$ > ${join(group, "cgroup.procs")}; exec "$@"`, "sh"];
    const adds = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        invoke(shimExecutable(), "ADD", { ...world.defaults(), container: `c${n}` }, net, { prefix, env }),
      ),
    );
    expect(adds.map((finished) => added(finished).ips.length)).toEqual(adds.map(() => 1));
    expect(await killsIn(group)).toBe(0);
  } finally {
    rmdirSync(group);
  }
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

const V1 = "/sys/fs/cgroup/memory";

/** A memory cgroup of this many bytes, swap included where it is counted; version 1 or 2. */
function memoryGroup(bytes: number): string {
  const parent = existsSync(V1) ? V1 : "/sys/fs/cgroup";
  const group = join(parent, uniqueName("g"));
  mkdirSync(group);
  if (existsSync(V1)) {
    writeFileSync(join(group, "memory.limit_in_bytes"), String(bytes));
  } else {
    writeFileSync(join(group, "memory.max"), String(bytes));
    writeFileSync(join(group, "memory.swap.max"), "0");
  }
  return group;
}

async function killsIn(group: string): Promise<number> {
  const file = join(group, existsSync(V1) ? "memory.oom_control" : "memory.events");
  return Number(/oom_kill (\d+)/.exec(readFileSync(file, "utf8"))?.[1] ?? 0);
}
