import { kubeIpamOnEtcd } from "../../test/kit/subject-etcd.ts";
import { hostLocal } from "../../test/kit/subject-host-local.ts";
import { kubeIpamOnThisKubernetes } from "../../test/kit/subject-kubernetes.ts";
import { markdown, median, ms, quantile } from "../statistics.ts";
import { behindAgent, fixedAddress, over, takeTurns, through, type Way } from "../ways.ts";
import { storeServer } from "./server.ts";

const AT_ONCE = [1, 8, 40];

/** Whole-process ADD as the runtime sees it, on either store through shim and agent, and host-local's; in turns. */
export async function timesOfAdds(short: boolean): Promise<string> {
  await using stack = new AsyncDisposableStack();
  const kubernetes = stack.use(await storeServer());
  const onEtcd = () => behindAgent(kubeIpamOnEtcd({ durable: true }));
  const onKubernetes = () => behindAgent(kubeIpamOnThisKubernetes(kubernetes));
  const local = await through(stack, "host-local", hostLocal());
  const etcd = await through(stack, "shim + agent, etcd mTLS", onEtcd());
  const etcdFixed = await through(stack, "shim + agent, etcd mTLS, fixed address", onEtcd(), fixedAddress);
  const dynamic = await through(stack, "shim + agent, Kubernetes", onKubernetes());
  const fixed = await through(stack, "shim + agent, Kubernetes, fixed address", onKubernetes(), fixedAddress);
  /** Each way with the one of the store on etcd that does the same. */
  const beside: readonly (readonly [Way, Way])[] = [
    [local, etcd],
    [etcd, etcd],
    [etcdFixed, etcdFixed],
    [dynamic, etcd],
    [fixed, etcdFixed],
  ];
  const ways = beside.map(([way]) => way);
  for (const [index, atOnce] of AT_ONCE.entries())
    await takeTurns(ways, atOnce, short ? 1 : Math.ceil(120 / atOnce), 1000 * index);
  const rows = AT_ONCE.flatMap((atOnce) =>
    beside.map(([way, baseline]) => {
      const times = way.times.get(atOnce) ?? [];
      const cells = [median(times), quantile(times, 0.99), quantile(times, 1)].map(ms);
      const ratios = [over(way, local, atOnce, 0.5), over(way, baseline, atOnce, 0.5)];
      return [way.title, String(atOnce), ...cells, ...ratios, over(way, baseline, atOnce, 1)];
    }),
  );
  const head = ["way", "at once", "median", "p99", "slowest"];
  const ratios = ["median : host-local", "median : etcd", "slowest : etcd"];
  return `ADD, whole process, milliseconds:\n\n${markdown([[...head, ...ratios], ...rows])}`;
}
