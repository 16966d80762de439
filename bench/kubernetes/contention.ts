import type { Kubernetes } from "../../test/kit/kubernetes.ts";
import { agentOnKubernetes, caller } from "../agent-on-store.ts";
import { markdown, median, ms, quantile } from "../statistics.ts";
import { type Asked, AUDIT_LOG, askedDuring } from "./audited.ts";
import { storeServer } from "./server.ts";

const AT_ONCE = 64;
const AGENTS = 10;
/** Hosts of a /24 but the gateway. */
const ADDRESSES = 253;
/** After the /24 is full. */
const REFUSED = 100;

type Caller = ReturnType<typeof caller>;

interface Phase {
  readonly title: string;
  readonly adds: number;
  readonly took: readonly number[];
  readonly asked: readonly Asked[];
}

/** ADDs at once over many agents in one /24, beside the same over one agent: what they cost each other. */
export async function atOnceOverAgents(short: boolean): Promise<string> {
  await using kubernetes = await storeServer({ auditLog: AUDIT_LOG });
  const alone = await overAgents(kubernetes, 1, { addressSpace: "alone", subnet: "10.1.0.0/24" });
  const many = await overAgents(kubernetes, short ? 2 : AGENTS, {
    addressSpace: "many",
    subnet: "10.2.0.0/24",
  });
  const slowestAlone = quantile(alone[0]?.took ?? [], 1);
  const rows = [...alone.slice(0, 1), ...many].map(({ adds, asked, title, took }) => {
    const creates = asked.filter(({ verb }) => verb === "create" || verb === "update");
    const lost = creates.filter(({ responseStatus }) => responseStatus.code === 409).length;
    return [
      title,
      String(adds),
      creates.length === 0 ? "" : `${((100 * lost) / creates.length).toFixed(1)} %`,
      (asked.length / adds).toFixed(2),
      ms(median(took)),
      ms(quantile(took, 1)),
      `${(quantile(took, 1) / slowestAlone).toFixed(2)} ×`,
    ];
  });
  const head = [
    "what",
    "ADDs",
    "writes that met another (409)",
    "requests per ADD",
    "median ms",
    "slowest ms",
  ];
  const note = `Each agent has served an ADD before; each address was given once (checked), ${ADDRESSES} in all:`;
  return `${note}\n\n${markdown([[...head, "slowest : one agent"], ...rows])}`;
}

async function overAgents(kubernetes: Kubernetes, count: number, ipam: object): Promise<Phase[]> {
  await using stack = new AsyncDisposableStack();
  const callers: Caller[] = [];
  for (let n = 0; n < count; n += 1) {
    const agent = await agentOnKubernetes(kubernetes, `node${count}-${n}`, ipam);
    callers.push(caller(stack.use(agent).door));
  }
  const given = new Set<string>();
  let next = 0;
  const add = async (expected: "given" | "refused") => {
    const n = next++;
    const begin = performance.now();
    const { exitCode, stdout } = await (callers[n % count] ?? unexpected())("ADD", `c${n}`);
    if ((exitCode === 0) !== (expected === "given"))
      throw new Error(`expected it ${expected}, got ${stdout}`);
    if (exitCode === 0) give(given, stdout);
    return performance.now() - begin;
  };
  const phase = async (title: string, adds: number, expected: "given" | "refused"): Promise<Phase> => {
    const took: number[] = [];
    let left = adds;
    const worker = async () => {
      while (left > 0) {
        left -= 1;
        took.push(await add(expected));
      }
    };
    const run = () => Promise.all(Array.from({ length: Math.min(adds, AT_ONCE) }, worker));
    const { before } = await askedDuring(kubernetes, run);
    return { title: `${title}, ${count} ${count === 1 ? "agent" : "agents"}`, adds, took, asked: before };
  };
  for (let n = 0; n < count; n += 1) await add("given");
  const together = await phase(`${AT_ONCE} at once`, AT_ONCE, "given");
  const rest = await phase("the rest of the /24, 64 at once", ADDRESSES - AT_ONCE - count, "given");
  const full = await phase("refused, for the /24 is full, 64 at once", REFUSED, "refused");
  return [together, rest, full];
}

function give(given: Set<string>, stdout: string): void {
  const { ips } = JSON.parse(stdout) as { readonly ips: readonly { readonly address: string }[] };
  for (const { address } of ips) {
    if (given.has(address)) throw new Error(`${address} was given twice`);
    given.add(address);
  }
}

function unexpected(): never {
  throw new Error("expected an agent");
}
