import { LivingCluster } from "../src/ipam/testing/living-cluster.ts";
import { seededRandom } from "../src/ipam/testing/seeded-random.ts";
import { openEtcdStore } from "../src/store/etcd/open.ts";
import { Fleet } from "../test/kit/fleet/fleet.ts";
import { endSome, freeLost, startFixed, takeOver } from "../test/kit/fleet/phases.ts";
import { networkOf } from "../test/kit/fleet/pool.ts";
import { Tally } from "../test/kit/fleet/tally.ts";
import type { Answer, Command, FleetProcess } from "./fleet-commands.ts";

/**
 * Some nodes of a simulated cluster as one process with one connection to etcd: does what bench/thousand-nodes.ts
 * tells it. Argument: a FleetProcess as JSON.
 */
const wish: FleetProcess = JSON.parse(process.argv[2] ?? "{}");
const random = seededRandom(wish.seed);
const store = await openEtcdStore(wish.settings);
const tally = new Tally();
const pause = (milliseconds: number) => Bun.sleep(milliseconds);
const network = networkOf(wish.pool, wish.coolingSeconds);
const { prefix, nodes, part, betweenMs } = wish;
const cluster = new LivingCluster();
const fleet = new Fleet({ store, network, cluster, random, prefix, nodes, tally, part, pause, betweenMs });
const given = () => fleet.books.given;

const PROGRESS_MS = 50;
setInterval(() => process.send?.({ given: given() } satisfies Answer), PROGRESS_MS);
process.on("message", async (command: Command) => {
  const answer = await does(command);
  process.send?.({ ...answer, done: true, given: given() } satisfies Answer);
});
process.on("disconnect", () => process.exit(0));
process.send?.({ done: true, given: 0 } satisfies Answer);

async function does(command: Command): Promise<Answer> {
  if (command.phase !== undefined) tally.phase = command.phase;
  switch (command.do) {
    case "fill":
      await fleet.fill(command.count);
      return {};
    case "churn":
      await fleet.churn(command.count, command.everyMs);
      return {};
    case "restart":
      await Promise.all([fleet.restartAll(command.withinMs), fleet.churn(command.count, command.everyMs)]);
      return {};
    case "start fixed":
      await startFixed(fleet, command.numbers, fleet.nodes.slice(0, command.nodes));
      return {};
    case "lose":
      return lose(command.nodes, command.numbers);
    case "end":
      await endSome(fleet, command.count);
      return {};
    case "report":
      return {
        costs: tally.costs,
        books: [...fleet.books.addresses()],
        faults: [...fleet.books.twice, ...fleet.failures],
        residentMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
      };
  }
}

async function lose(count: number, numbers: readonly number[]): Promise<Answer> {
  const rack = fleet.nodes.slice(0, count);
  const lost = fleet.lose(rack);
  const wrong = await takeOver(fleet, numbers, random);
  const dynamic = lost.filter(({ fixed }) => !fixed).length;
  const freed = await freeLost(fleet, rack);
  const faults = wrong.map((number) => `fixed address ${number} was not taken over`);
  if (freed !== dynamic) faults.push(`freed ${freed} of ${dynamic} attachments of lost nodes`);
  return { faults, lost: dynamic };
}
