import { LivingCluster } from "../../../src/ipam/testing/living-cluster.ts";
import { seededRandom } from "../../../src/ipam/testing/seeded-random.ts";
import { createMemoryStore } from "../../../src/store/memory/memory-store.ts";
import { type Distance, distantStore } from "./distant-store.ts";
import { faultsOf } from "./faults.ts";
import { Fleet } from "./fleet.ts";
import { endSome, freeLost, startFixed, takeOver } from "./phases.ts";
import { networkOf } from "./pool.ts";
import { Tally } from "./tally.ts";
import { VirtualTime } from "./virtual-time.ts";

export interface Simulation {
  readonly nodes: number;
  /** Addresses of the pool. */
  readonly pool: number;
  /** Minutes of steady churn, 5 % of the pods a minute. */
  readonly churnMinutes: number;
  readonly coolingSeconds: number;
  /** Between two pods that a node starts one after the other in one of its 4 to 10 slots, in milliseconds. */
  readonly betweenMs: number;
  /** Between two pods that start anywhere in the cluster while it is nearly full, in milliseconds; 0: at once. */
  readonly lastEveryMs: number;
  readonly distance: Distance;
  readonly seed: number;
  /** Which of the phases "a" to "e" to run, "a" always. */
  readonly phases: string;
}

/** Small enough for a test, and larger than what one look at a pool shows. */
export const SMALL: Simulation = {
  nodes: 36,
  pool: 2304,
  churnMinutes: 3,
  coolingSeconds: 60,
  betweenMs: 20,
  lastEveryMs: 10,
  distance: { least: 0.2, most: 1, work: 0.05 },
  seed: 1,
  phases: "abcde",
};

/** The share of the pods that is replaced each minute. */
const CHURN = 0.05;

/**
 * A cluster's life in virtual time on a store in memory: the same for the same seed. The real core with the
 * agent's foresight; only machine, store and Kubernetes are in memory.
 */
export async function simulate(wish: Simulation): Promise<{ tally: Tally; faults: string[] }> {
  const random = seededRandom(wish.seed);
  const time = new VirtualTime();
  const memory = createMemoryStore({ now: () => time.now / 1000 });
  const store = distantStore(memory, time, random, wish.distance);
  const tally = new Tally();
  const cluster = new LivingCluster();
  const fleet = new Fleet({
    store,
    network: networkOf(wish.pool, wish.coolingSeconds),
    cluster,
    random,
    prefix: "node",
    nodes: wish.nodes,
    tally,
    part: wish.pool,
    pause: time.pause,
    betweenMs: wish.betweenMs,
  });
  const faults: string[] = [];
  const expect = (what: string, wanted: unknown, came: unknown) => {
    if (wanted !== came) faults.push(`${what}: expected ${wanted}, got ${came}`);
  };
  const refused = () => tally.of(`${tally.phase}|`).refused;
  const fillTo = (share: number) => fleet.fill(Math.round(share * wish.pool) - fleet.books.given);

  const live = async () => {
    tally.phase = "a boot";
    await fillTo(0.92);
    expect("refused while filling", 0, refused());
    const perMinute = Math.max(1, Math.round(CHURN * fleet.books.given));
    if (wish.phases.includes("b")) {
      tally.phase = "b churn";
      await fleet.churn(perMinute * wish.churnMinutes, 60_000 / perMinute);
    }
    if (wish.phases.includes("c")) {
      tally.phase = "c restarts";
      await Promise.all([fleet.restartAll(60_000), fleet.churn(perMinute, 60_000 / perMinute)]);
      tally.phase = "c after";
      await fleet.churn(perMinute * 2, 60_000 / perMinute);
    }
    if (wish.phases.includes("d")) await loseRack();
    if (wish.phases.includes("e")) await lastPercent();
  };

  const loseRack = async () => {
    const rack = fleet.nodes.slice(0, Math.max(1, Math.round(wish.nodes / 10)));
    const numbers = Array.from({ length: 5 * rack.length }, (_, n) => n);
    tally.phase = "d fixed";
    await startFixed(fleet, numbers, rack);
    const lost = fleet.lose(rack);
    tally.phase = "d taken over";
    expect("fixed addresses lost", 0, (await takeOver(fleet, numbers, random)).length);
    const dynamic = lost.filter(({ fixed }) => !fixed).length;
    expect("attachments freed of lost nodes", dynamic, await freeLost(fleet, rack));
    tally.phase = "d elsewhere";
    await fleet.fill(dynamic);
  };

  const lastPercent = async () => {
    await time.pause(1000 * wish.coolingSeconds);
    tally.phase = "e to 99 %";
    await fillTo(0.99);
    tally.phase = "e last percent";
    const left = wish.pool - fleet.books.given;
    await (wish.lastEveryMs > 0 ? fleet.trickle(left, wish.lastEveryMs) : fleet.fill(left));
    expect("refused before the pool was full", 0, refused());
    tally.phase = "e full";
    await fleet.fill(10);
    expect("refused of a full pool", 10, refused());
    await endSome(fleet, 20);
    tally.phase = "e found again";
    await fleet.fill(20);
    expect("refused after 20 were freed", 0, refused());
    tally.phase = "e full again";
    await fleet.fill(3);
    expect("refused of a full pool", 3, refused());
    expect("addresses given out", wish.pool, fleet.books.given);
  };

  await time.run(live);
  const { books, failures } = fleet;
  faults.push(...books.twice, ...failures, ...(await faultsOf(memory, books.addresses())));
  return { tally, faults };
}
