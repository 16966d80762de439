import { expect } from "bun:test";
import { chmodSync } from "node:fs";
import { startFakeApi } from "../../src/kubernetes/testing/fake-api.ts";
import { ours } from "../kit/case.ts";
import { eventually } from "../kit/wait.ts";
import type { World } from "../kit/world.ts";

/** docs/behaviour.md M50 to M52: what people read of what a tenant wrote. */

const SUBNET = { subnet: "10.1.2.0/24" };
/** A title, a cleared screen, C1's control sequence, another line, another direction, no width. */
const NASTY = "x\u001b]0;PWN\u0007\u001b[2J\u009b31m\u0085\u2028\u202etxt\u200b\u061c";
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
const HIDDEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069]/;
const CAPABILITY = "io.kubernetes.cri.pod-annotations";

async function logOf(world: World): Promise<string> {
  return Bun.file(world.place.folder.file("kube-ipam.log")).text();
}

ours("M50", "no control character reaches the log, or an error's text", async (world) => {
  await world.add(world.network({ ...SUBNET, [NASTY]: 1 }));
  const text = await world.refused("ADD", world.network({ ...SUBNET, addressSpace: NASTY }), {}, { code: 7 });
  const named = await world.refused("ADD", world.network(SUBNET, { name: NASTY }), {}, { code: 7 });
  const log = await eventually(async () =>
    (await logOf(world)).includes("error 7") ? logOf(world) : undefined,
  );
  for (const shown of [text, named, log]) expect(shown).not.toMatch(HIDDEN);
  expect(log).toContain("\\u001b[2J");
});

ours(
  "M51",
  "one configuration's remarks take little of the log, however many and long they are",
  async (world) => {
    const keys = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, index) => [`${"colour".repeat(20)}${index}`, 1]),
    );
    await world.add(world.network({ ...SUBNET, ...keys, ["z".repeat(200_000)]: 1 }));
    const log = await eventually(async () =>
      (await logOf(world)).includes("INFO ADD") ? logOf(world) : undefined,
    );
    const lines = log.trimEnd().split("\n");
    expect(lines.filter((line) => line.includes(" WARN "))).toHaveLength(17);
    expect(log).toMatch(/\d+ more remarks on this configuration/);
    expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThan(4096);
  },
);

ours("M52", "a malformed annotation stands nowhere whole", async (world) => {
  const value = `10.1.2.7,${"é".repeat(60_000)}`;
  const net = world.network(
    { ...SUBNET, nodeLocal: true },
    {
      capabilities: { [CAPABILITY]: true },
      runtimeConfig: { [CAPABILITY]: { "kube-ipam.ip": value } },
    },
  );
  const args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=p";
  const finished = await world.run("ADD", net, { args });
  const { code, details, msg } = JSON.parse(finished.stdout);
  expect(code).toBe(103);
  expect(msg.length).toBeLessThanOrEqual(1024);
  expect(details.length).toBeLessThanOrEqual(4096);
  expect(msg).toMatch(/… \(\d+ characters\)/);
  const log = await eventually(async () =>
    (await logOf(world)).includes("error 103") ? logOf(world) : undefined,
  );
  for (const line of log.split("\n")) expect(Buffer.byteLength(line)).toBeLessThan(4096);
});

ours("M53", "what an exec plugin says on stderr stands in the log alone", async (world) => {
  const api = startFakeApi();
  try {
    const plugin = world.place.folder.file("login");
    await Bun.write(plugin, "#!/bin/sh\nprintf 'the secret is \\033[2J42\\n' >&2\nexit 1\n");
    chmodSync(plugin, 0o755);
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: plugin };
    // Of what a network names itself, nothing is run.
    const file = { ...world.place.ipam, nodeLocal: true, kubeConfig: api.kubeConfig({ exec }) };
    await Bun.write(world.place.folder.file("node.json"), JSON.stringify(file));
    const net = world.network(SUBNET);
    const args = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=p";
    const text = await world.refused("ADD", net, { args }, { code: 104, text: /its exec plugin failed/ });
    expect(text).not.toContain("secret");
    const log = await eventually(async () =>
      (await logOf(world)).includes("error 104") ? logOf(world) : undefined,
    );
    expect(log).toContain('said="the secret is \\u001b[2J42"');
  } finally {
    api.close();
  }
});
