import { expect } from "bun:test";
import { everywhere, ours } from "../kit/case.ts";
import type { Call } from "../kit/cni.ts";
import { run } from "../kit/run.ts";
import type { World } from "../kit/world.ts";

/** docs/behaviour.md section A: what any CNI plugin owes to the process that starts it. */

const SUBNET = { subnet: "10.1.2.0/24" };

everywhere("A2", "an unknown CNI_COMMAND is error 4", async (world) => {
  await world.refused(
    "FOO",
    world.network(SUBNET),
    {},
    { code: 4, text: /CNI_COMMAND.*FOO/, everywhere: true },
  );
});

everywhere("A2", "a lower case CNI_COMMAND is error 4", async (world) => {
  await world.refused(
    "add",
    world.network(SUBNET),
    {},
    { code: 4, text: /CNI_COMMAND.*add/, everywhere: true },
  );
});

everywhere("A2", "bad stdin wins over an unknown CNI_COMMAND", async (world) => {
  await world.refused("FOO", "{", {}, { code: 6, everywhere: true });
});

everywhere("A3", "all missing variables stand in one error", async (world) => {
  const none: Call = { container: undefined, netns: undefined, ifname: undefined };
  const text = await world.refused("ADD", world.network(SUBNET), none, { code: 4, everywhere: true });
  for (const name of ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"]) expect(text).toContain(name);
});

everywhere("A4", "an empty variable counts as missing", async (world) => {
  const empty: Call = { container: "", netns: "", ifname: "" };
  const text = await world.refused("ADD", world.network(SUBNET), empty, { code: 4, everywhere: true });
  for (const name of ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"]) expect(text).toContain(name);
});

everywhere("A5", "DEL needs no CNI_NETNS", async (world) => {
  const net = world.network(SUBNET);
  await world.add(net);
  await world.del(net, { netns: undefined });
  expect(await world.held()).toEqual([]);
});

ours("A6", "CNI_PATH is needed by GC alone", async (world) => {
  const net = world.network(SUBNET, { cniVersion: "1.1.0", "cni.dev/valid-attachments": [] });
  const without: Call = { path: undefined };
  const prevResult = await world.add(net, without);
  await world.quietly("CHECK", { ...net, prevResult }, without);
  await world.quietly("STATUS", net, without);
  await world.quietly("DEL", net, without);
  await world.refused("GC", net, without, { code: 4, text: /CNI_PATH/ });
});

ours("A7", "GC and STATUS accept empty attachment variables", async (world) => {
  const net = world.network(SUBNET, { cniVersion: "1.1.0", "cni.dev/valid-attachments": [] });
  const empty: Call = { container: "", netns: "", ifname: "" };
  await world.quietly("STATUS", net, empty);
  await world.quietly("GC", net, empty);
});

for (const container of ["-x", "a/b", "a b", "é", ".x", "_x"]) {
  everywhere("A8", `container ID ${JSON.stringify(container)} is error 4`, async (world) => {
    const text = await world.refused(
      "ADD",
      world.network(SUBNET),
      { container },
      { code: 4, everywhere: true },
    );
    expect(text).toContain(container);
  });
}

for (const container of ["x", "0".repeat(64), `a.b_c-${"d".repeat(294)}`]) {
  ours("A8", `container ID of ${container.length} characters is accepted`, async (world) => {
    const net = world.network(SUBNET);
    await world.add(net, { container });
    expect((await world.held()).map((held) => held.container)).toEqual([container]);
    await world.del(net, { container });
    expect(await world.held()).toEqual([]);
  });
}

for (const ifname of ["sixteen-bytes-xx", ".", "..", "a/b", "a:b", "a b", "a\tb", "éééééééé"]) {
  everywhere("A9", `interface name ${JSON.stringify(ifname)} is error 4`, async (world) => {
    await world.refused("ADD", world.network(SUBNET), { ifname }, { code: 4, everywhere: true });
  });
}

everywhere("A9", "an interface name of 15 bytes is accepted", async (world) => {
  await world.add(world.network(SUBNET), { ifname: "fifteen-bytes-x" });
});

ours("A10", "an invalid value is reported before missing ones", async (world) => {
  const call: Call = { container: "a/b", ifname: undefined };
  const text = await world.refused("ADD", world.network(SUBNET), call, { code: 4, everywhere: true });
  expect(text).toContain("a/b");
});

for (const stdin of ["", "{", "[]", '"x"']) {
  everywhere("A11", `stdin ${JSON.stringify(stdin)} is error 6`, async (world) => {
    await world.refused("ADD", stdin, {}, { code: 6, everywhere: true });
  });
}

ours("A11", "broken JSON names line and column", async (world) => {
  const lacksComma = '{\n  "cniVersion": "1.0.0",\n  "name": "net1"\n  "type": "macvlan"\n}';
  await world.refused("ADD", lacksComma, {}, { code: 6, text: /line 4.*column 3/ });
});

everywhere("A12", "stdin that cannot be read is error 5", async (world) => {
  const finished = await run(["sh", "-c", 'exec "$0" </', world.place.executable], {
    env: {
      ...world.place.env,
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: "c1",
      CNI_NETNS: world.namespace.path,
      CNI_IFNAME: "eth0",
      CNI_PATH: "/opt/cni/bin",
    },
  });
  world.refusal(finished, { code: 5, everywhere: true });
});

for (const name of [undefined, "", "a/b", "-a", "é"]) {
  everywhere("A13", `network name ${JSON.stringify(name)} is error 7`, async (world) => {
    await world.refused("ADD", world.network(SUBNET, { name }), {}, { code: 7, everywhere: true });
  });
}

everywhere("A14", "a cniVersion that is a number is error 6", async (world) => {
  await world.refused("ADD", world.network(SUBNET, { cniVersion: 1 }), {}, { code: 6, everywhere: true });
});

for (const cniVersion of ["2.0.0", "0.5.0", "1.1"]) {
  everywhere("A15", `cniVersion ${cniVersion} is error 1`, async (world) => {
    const text = await world.refused(
      "ADD",
      world.network(SUBNET, { cniVersion }),
      {},
      { code: 1, everywhere: true },
    );
    expect(text).toContain(cniVersion);
    expect(text).toContain("0.3.1");
  });
}

for (const cniVersion of [undefined, ""]) {
  everywhere("A16", `cniVersion ${JSON.stringify(cniVersion)} means 0.1.0`, async (world) => {
    const result = await world.add(world.network(SUBNET, { cniVersion }));
    expect(result).toMatchObject({ ip4: { ip: "10.1.2.2/24" } });
  });
}

for (const cniVersion of ["0.1.0", "0.2.0", "0.3.0", "0.3.1"]) {
  everywhere("A17", `CHECK in ${cniVersion} is error 1`, async (world) => {
    await world.refused("CHECK", world.network(SUBNET, { cniVersion }), {}, { code: 1, everywhere: true });
  });
}

for (const verb of ["GC", "STATUS"]) {
  for (const cniVersion of ["0.4.0", "1.0.0"]) {
    ours("A18", `${verb} in ${cniVersion} is error 1`, async (world) => {
      await world.refused(
        verb,
        world.network(SUBNET, { cniVersion }),
        {},
        { code: 1, text: new RegExp(verb) },
      );
    });
  }
}

everywhere("A19", "CHECK with a cniVersion that is no version is error 6", async (world) => {
  await world.refused("CHECK", world.network(SUBNET, { cniVersion: "1.2.3.4" }), {}, { code: 6 });
});

ours("A20", "VERSION repeats the version it was asked in", async (world) => {
  const finished = await world.run("VERSION", { cniVersion: "1.0.0" });
  expect(finished.exitCode).toBe(0);
  expect(JSON.parse(finished.stdout)).toEqual({
    cniVersion: "1.0.0",
    supportedVersions: ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"],
  });
});

everywhere("A20", "VERSION lists every version it supports", async (world) => {
  const finished = await world.run("VERSION", { cniVersion: "1.0.0" });
  expect(finished.exitCode).toBe(0);
  const { supportedVersions } = JSON.parse(finished.stdout) as { supportedVersions: string[] };
  expect(supportedVersions).toEqual(
    expect.arrayContaining(["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"]),
  );
});

everywhere("A21", "VERSION needs no other variable", async (world) => {
  const nothing: Call = { container: undefined, netns: undefined, ifname: undefined, path: undefined };
  expect((await world.run("VERSION", { cniVersion: "1.0.0" }, nothing)).exitCode).toBe(0);
  const probe: Call = { container: "", netns: "dummy", ifname: "dummy", path: "dummy" };
  expect((await world.run("VERSION", { cniVersion: "1.0.0" }, probe)).exitCode).toBe(0);
});

everywhere("A22", "VERSION does not wait for the end of stdin", async (world) => {
  const finished = await world.run("VERSION", {}, {}, { stdin: "never-ends", limit: 10_000 });
  expect(finished.exitCode).toBe(0);
  expect(JSON.parse(finished.stdout)).toHaveProperty("supportedVersions");
});

ours("A23", "an error carries the configuration's cniVersion", async (world) => {
  const finished = await world.run("ADD", world.network({ subnet: "nonsense" }, { cniVersion: "0.4.0" }));
  expect(JSON.parse(finished.stdout)).toMatchObject({ cniVersion: "0.4.0", code: 7 });
  expect(finished.exitCode).toBe(1);
});

everywhere("A24", "a result is the only thing on stdout", async (world) => {
  const finished = await world.run("ADD", world.network({ ...SUBNET, logLevel: "debug" }));
  expect(Object.keys(JSON.parse(finished.stdout)).sort()).toContain("ips");
});

everywhere("A26", "DEL and CHECK succeed silently", async (world) => {
  const net = world.network(SUBNET);
  const prevResult = await world.add(net);
  await world.quietly("CHECK", { ...net, prevResult });
  await world.quietly("DEL", { ...net, prevResult });
});

ours("A26", "GC and STATUS succeed silently", async (world) => {
  const net = world.network(SUBNET, { cniVersion: "1.1.0", "cni.dev/valid-attachments": [] });
  await world.quietly("STATUS", net);
  await world.quietly("GC", net);
});

everywhere("A27", "a configuration without ipam is error 7", async (world) => {
  await world.refused(
    "ADD",
    { cniVersion: "1.0.0", name: "net1", type: "macvlan" },
    {},
    { code: 7, text: /ipam/ },
  );
});

ours("A27", "another plugin's ipam.type is error 7", async (world) => {
  const net = world.network({ ...SUBNET, type: "host-local" });
  await world.refused("ADD", net, {}, { code: 7, text: /host-local/ });
});

everywhere("A28", "unknown keys are ignored", async (world) => {
  const net = world.network(
    { ...SUBNET, colour: "blue" },
    { mtu: 1400, args: { "example.org": { a: 1 } }, runtimeConfig: { mac: "00:11:22:33:44:55" } },
  );
  expect(await world.address(net)).toBe("10.1.2.2");
});

for (const wrong of [{ subnet: 5 }, { ranges: {} }, { ...SUBNET, routes: "x" }]) {
  everywhere("A29", `a wrong JSON type is refused: ${JSON.stringify(wrong)}`, async (world) => {
    await world.refused(
      "ADD",
      world.network(wrong),
      {},
      { code: 7, text: new RegExp(Object.keys(wrong).at(-1) ?? "") },
    );
    expect(await world.held()).toEqual([]);
  });
}

ours("A30", "stdout holds one document even in the plugin's own namespace", async (world) => {
  const finished = await world.run("ADD", world.network(SUBNET), { netns: "/proc/self/ns/net" });
  JSON.parse(finished.stdout);
  expect((await world.held()).length).toBe(finished.exitCode === 0 ? 1 : 0);
});

async function withoutEnvironment(world: World, ...args: string[]) {
  return run([world.place.executable, ...args], { env: world.place.env, stdin: "never-ends", limit: 10_000 });
}

ours(
  "A1",
  "without CNI_COMMAND and arguments it prints its usage on stderr and reads no stdin",
  async (world) => {
    const finished = await withoutEnvironment(world);
    expect(finished.stdout).toBe("");
    expect(finished.stderr).toContain("CNI_COMMAND");
    expect(finished.stderr).toContain(
      "CNI protocol versions supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0",
    );
  },
);

ours("A1", "--help and --version answer on stdout", async (world) => {
  for (const flag of ["--version", "-version"]) {
    const version = await withoutEnvironment(world, flag);
    expect(version.exitCode).toBe(0);
    expect(version.stdout).toMatch(/\d+\.\d+\.\d+/);
  }
  for (const flag of ["--help", "-help"]) {
    const help = await withoutEnvironment(world, flag);
    expect(help.exitCode).toBe(0);
    expect(help.stdout).toContain("ip");
  }
});

const UNNAMED_FOLDERS: readonly [name: string, script: string][] = [
  ["has been removed", 'cd "$(mktemp -d)" && rmdir "$PWD" && exec "$@"'],
  [
    "lies outside of what the process can reach",
    'd=$(mktemp -d) && mount -t tmpfs none "$d" && cd "$d" && umount -l "$d" && rmdir "$d" && exec "$@"',
  ],
];

for (const [which, script] of UNNAMED_FOLDERS) {
  everywhere("A32", `it works in a folder that ${which}`, async (world) => {
    const net = world.network(SUBNET);
    const prefix = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"];
    const result = await world.add(net, {}, { prefix });
    expect(result.ips[0]?.address).toStartWith("10.1.2.");
    const finished = await world.run("DEL", net, {}, { prefix });
    expect([finished.stdout, finished.exitCode]).toEqual(["", 0]);
    expect(await world.held()).toEqual([]);
  });
}
