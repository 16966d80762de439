import { loadCredentials } from "../../src/kubernetes/credentials/credentials.ts";
import { startEtcd } from "../../test/kit/etcd.ts";
import { allocationRecord } from "../../test/kit/etcd-records.ts";
import { etcdSettings } from "../../test/kit/etcd-settings.ts";
import type { Kubernetes } from "../../test/kit/kubernetes.ts";
import { adder, agentOnEtcd, agentOnKubernetes } from "../agent-on-store.ts";
import { BareEtcd } from "../etcd-bare.ts";
import { processorMs } from "../processor.ts";
import { markdown, median } from "../statistics.ts";
import { perSecond, storeServer } from "./server.ts";

const AT_ONCE = 64;
const FOLDER = "/apis/store.kube-ipam.io/v1/addressrecords";

interface Side {
  readonly title: string;
  readonly job: (n: number) => Promise<unknown>;
  /** The process that serves, whose processor time is told; not for what only writes. */
  readonly agent?: number;
  readonly rates: number[];
  readonly agentMs: number[];
}

/** ADDs per second through one agent on either store, and what each store takes from a bare client; in turns. */
export async function ratesOfAgents(short: boolean): Promise<string> {
  const [rounds, count] = short ? [1, 100] : [4, 1500];
  await using stack = new AsyncDisposableStack();
  const kubernetes = stack.use(await storeServer());
  const etcd = stack.use(await startEtcd({ version: "3.4", tls: true, durable: true }));
  const onKubernetes = stack.use(await agentOnKubernetes(kubernetes));
  const onEtcd = stack.use(await agentOnEtcd(etcd));
  const addOnKubernetes = adder(onKubernetes.door);
  await addOnKubernetes(0);
  const side = (title: string, job: Side["job"], agent?: number): Side => ({
    title,
    job,
    ...(agent !== undefined && { agent }),
    rates: [],
    agentMs: [],
  });
  const bareKubernetes = side("bare POSTs of such objects, Kubernetes", await barePost(kubernetes));
  const bareEtcd = side("bare guarded transactions, etcd mTLS", await bareTransaction(etcdSettings(etcd)));
  const kubernetesSide = side("ADDs through one agent, Kubernetes", addOnKubernetes, onKubernetes.pid);
  const etcdSide = side("ADDs through one agent, etcd mTLS", adder(onEtcd.door), onEtcd.pid);
  const sides = [bareKubernetes, kubernetesSide, bareEtcd, etcdSide];
  // The first round only warms up: the engine compiles what runs often.
  for (let round = 0; round <= rounds; round += 1) {
    for (const { agent, agentMs, job, rates } of sides) {
      const before = agent === undefined ? 0 : processorMs(agent);
      const rate = await perSecond(1 + round * count, count, AT_ONCE, job);
      if (round === 0) continue;
      rates.push(rate);
      if (agent !== undefined) agentMs.push((processorMs(agent) - before) / count);
    }
  }
  const row = ({ agentMs, rates, title }: Side, bare: Side) => [
    title,
    median(rates).toFixed(0),
    ratio(rates, bare.rates),
    ratio(rates, etcdSide.rates),
    agentMs.length === 0 ? "" : median(agentMs).toFixed(2),
  ];
  const table = markdown([
    ["what, 64 at once", "per second", ": bare", ": ADDs on etcd", "agent, CPU ms each"],
    row(bareKubernetes, bareKubernetes),
    row(kubernetesSide, bareKubernetes),
    row(bareEtcd, bareEtcd),
    row(etcdSide, bareEtcd),
  ]);
  return `Medians of ${rounds} rounds, the ratios round by round:\n\n${table}`;
}

function ratio(mine: readonly number[], theirs: readonly number[]): string {
  return `${median(mine.map((rate, round) => rate / (theirs[round] ?? Number.NaN))).toFixed(2)} ×`;
}

const JSON_BODY = { "Content-Type": "application/json" };

interface Listed {
  readonly items: readonly { readonly metadata: { labels: object }; readonly spec: object }[];
}

/** Creates objects like one that an ADD has made, as the leanest client can: nothing is read, nothing guarded. */
async function barePost({ adminConfig, request, server }: Kubernetes): Promise<Side["job"]> {
  const [like] = (await request<Listed>("GET", FOLDER)).items;
  if (like === undefined) throw new Error("expected an object of an ADD");
  const { headers, tls } = await loadCredentials({ kubeConfig: adminConfig }).apply(
    AbortSignal.timeout(5_000),
  );
  const { metadata, spec } = like;
  const kind = { apiVersion: "store.kube-ipam.io/v1", kind: "AddressRecord" };
  return async (n) => {
    const body = JSON.stringify({ ...kind, metadata: { name: `bare.${n}`, labels: metadata.labels }, spec });
    const response = await fetch(`${server}${FOLDER}`, {
      method: "POST",
      headers: { ...headers, ...JSON_BODY },
      body,
      tls,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST failed: ${text}`);
  };
}

async function bareTransaction(settings: ReturnType<typeof etcdSettings>): Promise<Side["job"]> {
  const bare = await BareEtcd.open(settings);
  const value = Buffer.from(JSON.stringify(allocationRecord(crypto.randomUUID())));
  return (n) => {
    const keys = [`/bare/allocations/${n}`, `/bare/attachments/${n}`];
    return bare.put(keys, [...keys, `/bare/reservations/${n}`, `/bare/cooling/${n}`], value);
  };
}
