import { cpus } from "node:os";
import { requestFrame } from "../src/agent/protocol.ts";
import type { EtcdSettings } from "../src/config/network-configuration.ts";
import { environment } from "../test/kit/cni.ts";
import { startEtcd } from "../test/kit/etcd.ts";
import { allocationRecord } from "../test/kit/etcd-records.ts";
import { etcdSettings } from "../test/kit/etcd-settings.ts";
import { makeNamespace } from "../test/kit/namespaces.ts";
import { startAgent } from "../test/kit/subject-agent.ts";
import { deployPlugin } from "../test/kit/subject-kube-ipam.ts";
import { AgentCaller } from "./agent-caller.ts";
import { BareEtcd } from "./etcd-bare.ts";
import { residentMiB } from "./resident.ts";
import { markdown, median } from "./statistics.ts";

/**
 * ADDs per second through one agent, 64 at once over its socket, against the bare guarded
 * transactions of the same etcd (mutual TLS, fsync), 64 at once too. Each side is driven by a process
 * of its own, in turns. Then the agent's memory, as the store fills up. `--short` proves that the
 * program works, nothing else.
 */

const SHORT = process.argv.includes("--short");
const ROUNDS = SHORT ? 1 : 5;
const TOGETHER = SHORT ? 200 : 4000;
const CALLERS = 64;

interface Job {
  readonly from: number;
  /** Of the agent: its socket, and what the runtime passes on stdin and in the environment. */
  readonly agent?: { readonly socket: string; readonly stdin: string; readonly netns: string };
  readonly etcd?: EtcdSettings;
}

const [role, text = "{}"] = process.argv.slice(2);
if (role === "job") await perform(JSON.parse(text));
else await compare();

async function compare(): Promise<void> {
  await using cluster = await startEtcd({ version: "3.4", tls: true, durable: true });
  await cluster.ready();
  await using plugin = deployPlugin();
  const namespace = await makeNamespace();
  const settings = etcdSettings(cluster);
  const socket = plugin.folder.file("agent.sock");
  const agent = await startAgent(plugin.folder, plugin.executable, socket, plugin.env);
  const stdin = JSON.stringify({
    cniVersion: "1.0.0",
    name: "net1",
    type: "macvlan",
    ipam: {
      type: "kube-ipam",
      ...plugin.ipam,
      subnet: "10.0.0.0/8",
      etcdConfig: {
        etcdURL: settings.endpoints.join(","),
        etcdCertFile: settings.certFile,
        etcdKeyFile: settings.keyFile,
        etcdTrustedCAFile: settings.trustedCaFile,
      },
    },
  });
  const rates = { bare: [] as number[], agent: [] as number[] };
  const memory: string[][] = [];
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const from = round * TOGETHER;
      memory.push([String(from), String(residentMiB(agent.pid))]);
      rates.bare.push(await inProcess({ from, etcd: settings }));
      rates.agent.push(await inProcess({ from, agent: { socket, stdin, netns: namespace.path } }));
    }
    memory.push([String(ROUNDS * TOGETHER), String(residentMiB(agent.pid))]);
  } finally {
    await agent.stop();
    await namespace.remove();
  }
  const ratios = rates.agent.map((rate, round) => rate / (rates.bare[round] ?? Number.NaN));
  console.log(`64 at once, on ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}):\n`);
  console.log(
    markdown([
      ["what", "per second"],
      ["bare guarded transactions, etcd 3.4, mutual TLS, fsync", median(rates.bare).toFixed(0)],
      ["ADDs through one agent on the same etcd", median(rates.agent).toFixed(0)],
      ["ratio", median(ratios).toFixed(2)],
    ]),
  );
  console.log(`\n${markdown([["allocations in the store", "agent's resident MiB"], ...memory])}`);
}

async function inProcess(job: Job): Promise<number> {
  const command = [process.execPath, import.meta.path, "job", JSON.stringify(job)];
  const child = Bun.spawn([...command, ...(SHORT ? ["--short"] : [])], { stdout: "pipe", stderr: "inherit" });
  return Number(await child.stdout.text());
}

async function perform({ from, agent, etcd }: Job): Promise<void> {
  const write = agent ? adder(agent) : await bareWriter(etcd);
  let next = from;
  const end = from + TOGETHER;
  const begin = performance.now();
  const caller = async () => {
    while (next < end) {
      next += 1;
      await write(next);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  console.log(String((TOGETHER / (performance.now() - begin)) * 1000));
  process.exit(0);
}

function adder({ socket, stdin, netns }: NonNullable<Job["agent"]>): (n: number) => Promise<void> {
  const caller = new AgentCaller(socket);
  return async (n) => {
    const env = environment("ADD", { container: `c${n}`, ifname: "eth0", netns });
    const { exitCode, stdout } = await caller.call(requestFrame({ env, stdin }));
    if (exitCode !== 0) throw new Error(`ADD failed: ${stdout}`);
  };
}

async function bareWriter(settings: EtcdSettings | undefined): Promise<(n: number) => Promise<void>> {
  if (settings === undefined) throw new Error("expected etcd's settings");
  const bare = await BareEtcd.open(settings);
  const value = Buffer.from(JSON.stringify(allocationRecord(crypto.randomUUID())));
  return (n) => {
    const keys = [`/bare/allocations/${n}`, `/bare/attachments/${n}`];
    return bare.put(keys, [...keys, `/bare/reservations/${n}`, `/bare/cooling/${n}`], value);
  };
}
