import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type Folder, temporaryFolder } from "../kit/folder.ts";
import { loopbackPorts } from "../kit/loopback-ports.ts";
import { run } from "../kit/run.ts";
import { installShim, startAgent } from "../kit/subject-agent.ts";
import { kubeIpamExecutable } from "../kit/subject-kube-ipam.ts";
import { eventually } from "../kit/wait.ts";

/** Where the agent's socket may lie, and what becomes of it. */

test("what is no socket is never replaced by one, and nothing is left beside it", async () => {
  using folder = temporaryFolder("agent-socket");
  writeFileSync(folder.file("file"), "keep");
  mkdirSync(folder.file("folder"));
  symlinkSync("file", folder.file("link"));
  environmentOf(folder);
  const before = readdirSync(folder.path).sort();
  for (const [name, kind] of [
    ["file", "a file"],
    ["folder", "a folder"],
    ["link", "a link"],
  ] as const) {
    const path = folder.file(name);
    expect(await refusalOf(folder, "--socket", path)).toBe(
      `kube-ipam agent: '${path}' is ${kind} and no socket: remove it, or give the agent another --socket\n`,
    );
  }
  expect(readFileSync(folder.file("file"), "utf8")).toBe("keep");
  expect(readdirSync(folder.path).sort()).toEqual(before);
  const through = folder.file("file", "agent.sock");
  expect(await refusalOf(folder, "--socket", through)).toStartWith(
    `kube-ipam agent: cannot write '${through}.lock': `,
  );
  expect(await refusalOf(folder, "--socket", "")).toBe(
    "kube-ipam agent: expected --socket PATH, got no path\n",
  );
});

test("an agent that cannot have its port serves nothing and leaves no socket", async () => {
  using folder = temporaryFolder("agent-socket");
  const [port = 0] = await loopbackPorts(1);
  using _ = Bun.serve({ hostname: "127.0.0.1", port, fetch: () => new Response() });
  const socket = folder.file("agent.sock");
  const words = await refusalOf(folder, "--socket", socket, "--listen", `127.0.0.1:${port}`);
  expect(words).toContain(`cannot listen on '127.0.0.1:${port}'`);
  expect(readdirSync(folder.path)).not.toContain("agent.sock");
});

for (const [what, removed] of [
  ["a socket", "run/agent.sock"],
  ["a folder", "run"],
] as const) {
  test(`${what} that is removed under a running agent is put back, and served`, async () => {
    using folder = temporaryFolder("agent-socket");
    mkdirSync(folder.file("run"));
    const socket = folder.file("run", "agent.sock");
    const { executable } = installShim(folder, kubeIpamExecutable());
    const agent = await startAgent(folder, kubeIpamExecutable(), socket, environmentOf(folder));
    try {
      rmSync(folder.file(removed), { recursive: true });
      const env = { CNI_COMMAND: "VERSION", KUBE_IPAM_AGENT_SOCKET: socket, KUBE_IPAM_FALLBACK: "none" };
      await eventually(async () => {
        const { exitCode } = await run([executable], { env, stdin: '{"cniVersion":"1.0.0"}' });
        return exitCode === 0 || undefined;
      });
      const second = await run([kubeIpamExecutable(), "agent", "--socket", socket], {
        env: environmentOf(folder),
      });
      expect(second.stderr).toContain(`another agent serves '${socket}'`);
    } finally {
      await agent.stop();
    }
    expect(readdirSync(folder.file("run"))).toEqual(["agent.sock.lock"]);
  });
}

test("a terminal that closes ends the agent as SIGTERM does", async () => {
  using folder = temporaryFolder("agent-socket");
  const socket = folder.file("agent.sock");
  const agent = await startAgent(folder, kubeIpamExecutable(), socket, environmentOf(folder));
  agent.signal("SIGHUP");
  await eventually(async () => !agent.running() || undefined);
  expect(agent.output()).toContain("the agent ends signal=SIGHUP");
  expect(readdirSync(folder.path)).not.toContain("agent.sock");
});

/** What an agent says that cannot start. */
async function refusalOf(folder: Folder, ...options: string[]): Promise<string> {
  const env = environmentOf(folder);
  const finished = await run([kubeIpamExecutable(), "agent", ...options], { env, limit: 20_000 });
  expect(finished.exitCode).toBe(1);
  return finished.stderr;
}

/** Nothing of this machine's own. */
function environmentOf(folder: Folder): Record<string, string> {
  const path = folder.file("config.json");
  const [dataDir, runDir, cniCacheDir] = ["data", "run", "cni"].map((name) => folder.file("own", name));
  writeFileSync(path, JSON.stringify({ dataDir, runDir, cniCacheDir }));
  return { KUBE_IPAM_CONFIG: path };
}
