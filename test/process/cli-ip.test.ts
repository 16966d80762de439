import { expect } from "bun:test";
import { ours } from "../kit/case.ts";
import { commandLine, json, operatorOf } from "../kit/cli.ts";
import { run } from "../kit/run.ts";
import type { World } from "../kit/world.ts";

/** `kube-ipam ip …` on the built executable, on whichever store the subject has. */

const SUBNET = { subnet: "10.1.2.0/24", nodeLocal: true };
const POD = "IgnoreUnknown=1;K8S_POD_NAMESPACE=team-a;K8S_POD_NAME=db-0;K8S_POD_UID=u1";

interface Listed {
  readonly address: string;
  readonly state: string;
  readonly container?: string;
  readonly pod?: { readonly namespace: string; readonly name: string };
}

async function start(world: World) {
  const net = world.network({ ...SUBNET, annotations: "off" });
  return { net, operator: operatorOf(world, net) };
}

ours("ip list", "finds the store by a network's configuration, and filters", async (world) => {
  const { net, operator } = await start(world);
  await world.add(net, { container: "web" });
  await world.add(net, { container: "db", args: POD });
  const containers = async (...args: string[]) =>
    (await json<Listed[]>(operator("ip", "list", "-o", "json", ...args))).map(({ container }) => container);
  expect(await containers()).toEqual(["web", "db"]);
  expect(await containers("--namespace", "team-a")).toEqual(["db"]);
  expect(await containers("--node", "node1")).toEqual(["web", "db"]);
  expect(await containers("--node", "node2")).toEqual([]);
  expect(await containers("--network", "other")).toEqual([]);
  expect(await containers("--space", "other")).toEqual([]);
  expect(await containers("--pod", "db-0")).toEqual(["db"]);
  expect(await containers("--pod", "team-b/db-0")).toEqual([]);
  expect(await containers("--state", "reserved")).toEqual([]);
  expect(await containers("--address", "10.1.2.3")).toEqual(["db"]);
  expect(await containers("--address", "10.1.2.0-10.1.2.2")).toEqual(["web"]);
  expect(await containers("--address", "10.1.2.0/24", "--state", "allocated")).toEqual(["web", "db"]);
});

ours("ip list", "prints the same in every format", async (world) => {
  const { net, operator } = await start(world);
  await world.add(net, { container: "db", args: POD });
  const table = await operator("ip", "list");
  expect(table.stdout).toBe(
    "ADDRESS   STATE      FOR          NODE   NETWORK  CONTAINER  INTERFACE\n" +
      "10.1.2.2  allocated  team-a/db-0  node1  net1     db         eth0\n",
  );
  expect((await operator("ip", "list", "-o", "wide")).stdout).toContain("dynamic");
  const [item] = await json<Listed[]>(operator("ip", "list", "--output", "json"));
  expect(item).toMatchObject({
    address: "10.1.2.2",
    state: "allocated",
    pod: { namespace: "team-a", name: "db-0" },
  });
  const yaml = await operator("ip", "list", "-o", "yaml");
  expect(yaml.stdout).toStartWith("- state: allocated\n  address: 10.1.2.2\n");
});

ours("ip list", "an empty store prints nothing on stdout, and an empty list for programs", async (world) => {
  const { net, operator } = await start(world);
  await world.add(net);
  await world.del(net);
  const table = await operator("ip", "list");
  expect([table.exitCode, table.stdout, table.stderr]).toEqual([0, "", "no address is held or reserved\n"]);
  expect((await operator("ip", "list", "-o", "json")).stdout).toBe("[]\n");
});

ours("ip who", "tells a pod's addresses, by name or namespace/name", async (world) => {
  const { net, operator } = await start(world);
  await world.add(net, { container: "db", args: POD });
  for (const pod of ["db-0", "team-a/db-0"])
    expect((await operator("ip", "who", pod)).stdout).toContain("10.1.2.2");
  const nobody = await operator("ip", "who", "team-b/db-0");
  expect([nobody.exitCode, nobody.stdout]).toEqual([3, ""]);
  expect(nobody.stderr).toStartWith(
    "error: pod 'team-b/db-0' has no address here and none is reserved for it\n",
  );
});

ours("ip show", "judges the namespaces of this node's containers", async (world) => {
  const { net, operator } = await start(world);
  const namespace = await world.makeNamespace();
  await world.add(net, { container: "db", netns: namespace.path });
  expect((await operator("ip", "show", "10.1.2.2")).stdout).toContain(`${namespace.path} (present)`);
  await namespace.remove();
  expect((await operator("ip", "show", "10.1.2.2")).stdout).toContain(`${namespace.path} (gone)`);
});

ours(
  "ip release",
  "EVIDENCE: frees what this node sees to be gone, and nothing that lives",
  async (world) => {
    const { net, operator } = await start(world);
    const namespace = await world.makeNamespace();
    await world.add(net, { container: "dead", netns: namespace.path });
    await world.add(net, { container: "alive" });
    const refused = await operator("ip", "release", "10.1.2.2");
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(`its network namespace ${namespace.path} is still there`);
    await namespace.remove();
    const freed = await operator("ip", "release", "10.1.2.2");
    expect(freed.stdout).toBe(
      "Released 10.1.2.2: interface eth0 of container dead in network 'net1' on node node1, its namespace is gone\n",
    );
    expect(await world.heldAddresses()).toEqual(["10.1.2.3"]);
  },
);

ours("ip release", "by force it says what it did, and a free address is exit code 3", async (world) => {
  const { net, operator } = await start(world);
  await world.add(net, { container: "alive" });
  const [released] = await json<unknown[]>(operator("ip", "release", "--force", "10.1.2.2", "-o", "json"));
  expect(released).toMatchObject({
    released: ["10.1.2.2"],
    because: "by force",
    container: "alive",
    node: "node1",
  });
  expect((await operator("ip", "release", "--force", "10.1.2.2")).exitCode).toBe(3);
  // The old holder's late DEL has nothing to free, whoever has the address by then.
  await world.add(net, { container: "next", args: "IP=10.1.2.2" });
  await world.del(net, { container: "alive" });
  expect(await world.heldAddresses()).toEqual(["10.1.2.2"]);
});

ours("ip reserve", "no pod gets the address or the range until it is unreserved", async (world) => {
  const { net, operator } = await start(world);
  expect((await operator("ip", "reserve", "10.1.2.2", "--for", "StatefulSet/team-a/db")).stdout).toContain(
    "For:      StatefulSet team-a/db\n",
  );
  await operator("ip", "reserve", "10.1.2.3-10.1.2.200", "--for", "the old printers", "--note", "room 5");
  expect(await world.address(net)).toBe("10.1.2.201");
  const words = await world.refused("ADD", net, { container: "x", args: "IP=10.1.2.2" }, { code: 101 });
  expect(words).toContain("address 10.1.2.2 is reserved for StatefulSet team-a/db");
  const listed = await json<Listed[]>(operator("ip", "list", "-o", "json"));
  expect(listed.map(({ address, state }) => `${address} ${state}`)).toEqual([
    "10.1.2.2 reserved",
    "10.1.2.3 reserved",
    "10.1.2.201 allocated",
  ]);
  expect((await operator("ip", "unreserve", "10.1.2.3-10.1.2.200")).exitCode).toBe(0);
  expect((await operator("ip", "unreserve", "10.1.2.2")).exitCode).toBe(0);
  expect((await operator("ip", "unreserve", "10.1.2.2")).exitCode).toBe(3);
  await world.add(net, { container: "x", args: "IP=10.1.2.2" });
});

ours("cli", "data that cannot be written is an error, words that cannot change nothing", async (world) => {
  const { executable, env } = world.place;
  const shell = (line: string) => run(["sh", "-c", line, executable], { env });
  const data = await shell('"$0" completion >/dev/full');
  expect([data.exitCode, data.stderr.split("\n")[0]]).toEqual([
    1,
    expect.stringMatching(/^error: stdout cannot be written: ENOSPC/),
  ]);
  expect((await shell('"$0" nonsense 2>/dev/full')).exitCode).toBe(2);
});

ours("cli", "every command explains itself by examples, with exit codes at the top", async (world) => {
  const fish = (await commandLine(world, ["completion", "fish"])).stdout;
  const commands = new Set([...fish.matchAll(/__kube_ipam_at "([^"]+)"'/g)].map(([, path = ""]) => path));
  expect(commands).toContain("store import");
  for (const command of commands) {
    if (/(^| )help$/.test(command)) continue;
    const help = await commandLine(world, [...command.split(" "), "--help"]);
    expect([command, help.exitCode, help.stderr]).toEqual([command, 0, ""]);
    expect(usageOf(help.stdout)).toContain(command.replace(/^kubectl/, "kubectl ipam"));
    if (!["ip", "store", "kubectl"].includes(command)) expect(help.stdout).toContain(`\nExamples:\n  `);
    const asked = await commandLine(world, ["help", ...command.split(" ")]);
    expect([asked.exitCode, usageOf(asked.stdout)]).toEqual([0, expect.arrayContaining([command])]);
  }
  for (const flag of ["--help", "-help", "help"]) {
    expect((await commandLine(world, [flag])).stdout).toContain("  4  the store cannot be used");
  }
});

/** What the first line of a help says that it is about, by each of its names: "ip list|ls" is two. */
function usageOf(help: string): string[] {
  const [, path = "", names = ""] = /^Usage: (?:kube-ipam )?(.*?)([^ ]+)(?: [[<A-Z].*)?\n/.exec(help) ?? [];
  return names.split("|").map((name) => path + name);
}

const COMPLETIONS: readonly [typed: string, expected: string[]][] = [
  ["kube-ipam ip re", ["release", "reserve"]],
  ["kube-ipam store import --fr", ["--from"]],
  ["kube-ipam store import --from h", ["host-local"]],
  ["kube-ipam completion z", ["zsh"]],
  ["kube-ipam wh", ["why"]],
  ["kube-ipam agent --so", ["--socket"]],
  ["kube-ipam controller --listen-", ["--listen-tls"]],
  ["kube-ipam kubectl wh", ["who", "why"]],
  ["kube-ipam help ag", ["agent"]],
  ["kube-ipam ip ls --net", ["--network"]],
  ["kube-ipam check --store k", ["kubernetes"]],
  ["kube-ipam store export --cont", ["--context"]],
  ["kube-ipam --outputconf mac", ["macvlan"]],
];

const SHELLS: Readonly<Record<string, string>> = {
  bash: `source <("$0" completion bash); read -ra COMP_WORDS <<<"$1"; COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
    _kube_ipam; printf '%s\\n' "\${COMPREPLY[@]}"`,
  // What zsh's own completion system would show, without a terminal.
  zsh: `compdef() { : }; _files() { : }; _describe() { print -rl -- "\${(@)\${(P)2}%%:*}" | grep -- "^\${words[CURRENT]}" }
    source <("$0" completion zsh); words=(\${(z)1}); CURRENT=\${#words}; _kube_ipam`,
  fish: `$argv[1] completion fish | source; complete -C "$argv[2]" | string replace -r '\t.*' ''`,
};

for (const [shell, script] of Object.entries(SHELLS)) {
  ours("cli", `${shell} completes commands, options and their values`, async (world) => {
    const { executable, env } = world.place;
    for (const [typed, expected] of COMPLETIONS) {
      const noConfig = shell === "zsh" ? ["-f"] : [];
      const command = [shell, ...noConfig, "-c", script, executable, typed];
      const finished = await run(command, { env: { HOME: world.place.folder.path, ...env } });
      const lines = finished.stdout.split("\n").filter((line) => line !== "");
      expect([typed, lines.toSorted(), finished.stderr]).toEqual([typed, expected, ""]);
    }
  });
}
