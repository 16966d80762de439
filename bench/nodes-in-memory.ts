import { SMALL, simulate } from "../test/kit/fleet/in-memory.ts";
import { COLUMNS, rowsOf } from "../test/kit/fleet/tally.ts";
import { markdown } from "./statistics.ts";

/**
 * The simulation of many nodes on a store in memory and in virtual time: `--nodes=30 --pool=1024 --seed=1
 * --phases=abcde --betweenMs=20 --coolingSeconds=60 --churnMinutes=3 --work=0.05`. For tuning.
 */
const options = Object.fromEntries(
  process.argv.slice(2).map((argument) => {
    const [name = "", value = ""] = argument.replace(/^--/, "").split("=");
    return [name, Number.isNaN(Number(value)) ? value : Number(value)];
  }),
);
const { work = SMALL.distance.work } = options as { work?: number };
const begun = performance.now();
const { tally, faults } = await simulate({ ...SMALL, ...options, distance: { ...SMALL.distance, work } });
console.log(markdown([COLUMNS, ...rowsOf(tally, "")]));
console.log(`${faults.length} faults, ${Math.round(performance.now() - begun)} ms`);
for (const fault of faults.slice(0, 20)) console.log(fault);
