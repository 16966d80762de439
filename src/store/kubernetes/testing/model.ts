import type { Ref } from "../../../ipam/records.ts";
import { refTo } from "../../../ipam/ref-to.ts";
import { StoreFailure } from "../../../ipam/store-port.ts";
import { list } from "../list.ts";
import { EMPTY, type Part } from "../objects/content.ts";
import { objectKey } from "../objects/names.ts";
import { refText } from "../objects/ref-text.ts";
import { read } from "../read.ts";
import { Sweep } from "../sweep.ts";
import { Actor, type Machine } from "./actor.ts";
import { META, OWNERS, RANGES, SPACE, type Stamped, V4, V6 } from "./cast.ts";
import { explain, History, type State } from "./history.ts";
import { Living } from "./living.ts";
import { MemoryServer } from "./memory-server.ts";
import { del } from "./pods.ts";
import { ALL_FATES, Process, type World } from "./process.ts";
import { STORIES, VERBS } from "./verbs.ts";
import { VirtualTime } from "./virtual-time.ts";

/** Some processes do some things; then everything that was still under way happens. @throws Error where a promise is broken. */
export async function runModel(random: () => number, faults: number, fates = ALL_FATES): Promise<void> {
  const world: World = { time: new VirtualTime(), server: new MemoryServer(), random, faults, fates };
  const history = new History();
  const living = new Living();
  const processes: Process[] = [];
  const count = 2 + Math.floor(random() * 3);
  const failures: unknown[] = [];
  // Few verbs, so that they meet.
  const verbs = (STORIES[Math.floor(random() * STORIES.length)] ?? []).map((verb) => VERBS[verb]);
  world.server.onRemoved = (object) => history.removed.push({ object, at: world.time.now });
  for (let n = 0; n < count; n++) {
    const process = new Process(`n${n}`, world);
    processes.push(process);
    const machine = { name: process.name, journal: new Map() };
    const later = new Process(`${process.name}-later`, random() < 0.3 ? world : { ...world, faults: 0 });
    void endAll(machine, later, process, { world, history, living }).catch((failure) =>
      failures.push(failure),
    );
    // An agent does several things at once.
    for (let lane = random() < 0.5 ? 1 : 2; lane > 0; lane--)
      void live(new Actor(process, world, history, living, machine), process, world, verbs).catch((failure) =>
        failures.push(failure),
      );
  }
  if (random() < 0.5) {
    const sweeper = new Process("sweeper", world);
    processes.push(sweeper);
    void sweepAtOnce(sweeper, random()).catch((failure) => failures.push(failure));
  }
  await world.time.run();
  if (failures.length > 0) throw failures[0];
  const met = processes.reduce((sum, process) => sum + process.met, 0);
  const left = leftIn(world.server);
  if (left.length > MOST_LEFT * met) throw new Error(`${met} faults left ${left.join(" ")}`);
  const observer = new Process("observer", { ...world, faults: 0 });
  const final = await during(world, stateOf(observer));
  const sweeper = new Process("last sweeper", { ...world, faults: 0 });
  await during(world, sweepAll(sweeper));
  const still = leftIn(world.server, true);
  if (still.length > 0) throw new Error(`the sweep left ${still.join(" ")}`);
  const swept = await during(world, stateOf(new Process("last observer", { ...world, faults: 0 })));
  const [before, after] = [final, swept].map((state) => JSON.stringify([...state].sort()));
  if (before !== after) throw new Error(`the sweep made\n${after} of\n${before}`);
  const leaked = leakedIn(world.server, history);
  if (leaked.length > 0) throw new Error(`${leaked.join(" ")} came after its DEL`);
  const order = explain(history, final);
  if (order === undefined) throw new Error(`no order explains what was told:\n${told(history, final)}`);
}

/** Where a process dies, its runtime ends what it had begun, by another process: at once, or much later. */
async function endAll(
  machine: Machine,
  process: Process,
  former: Process,
  { history, living, world }: { readonly history: History; readonly living: Living; readonly world: World },
): Promise<void> {
  const actor = new Actor(process, world, history, living, machine);
  for (let n = 0; n < 200 && !former.isDead; n++) await process.sleep(Math.floor(world.random() * 1_000));
  if (!former.isDead) return;
  await process.sleep(Math.floor(world.random() * 200));
  for (const container of [...machine.journal.keys()]) {
    actor.held.splice(0, Number.POSITIVE_INFINITY, container);
    await del(actor).catch((failure) => {
      if (!(failure instanceof StoreFailure)) throw failure;
    });
  }
}

/** Attachments that are there although their DEL has succeeded, and the name of their object was not free since. */
function leakedIn(server: MemoryServer, { ended, removed }: History): string[] {
  return server.all("addressrecords").flatMap(({ content = EMPTY, id }) =>
    [...content.values()].flatMap(({ ref }) => {
      const at = ref.kind === "attachment" ? ended.get(ref.id.container) : undefined;
      const isFree = removed.some((each) => each.object === objectKey(id) && each.at >= (at ?? 0));
      return at === undefined || isFree || ref.kind !== "attachment" ? [] : [ref.id.container];
    }),
  );
}

async function live(
  actor: Actor,
  process: Process,
  { random }: World,
  verbs: readonly ((actor: Actor) => Promise<void>)[],
): Promise<void> {
  for (let n = 0; n < 4; n++) {
    await process.sleep(Math.floor(random() * 10));
    const verb = verbs[Math.floor(random() * verbs.length)];
    await verb?.(actor).catch((failure) => {
      if (!(failure instanceof StoreFailure)) throw failure;
    });
  }
}

/** Objects that one call leaves which met a fault, at most: a decision, and what it prepares. */
const MOST_LEFT = 8;

/** Sweeps what others may be about to finish. */
async function sweepAtOnce(process: Process, seconds: number): Promise<void> {
  const sweep = new Sweep(process.session, seconds);
  for (let n = 0; n < 20; n++) {
    await process.sleep(seconds * 300);
    await sweep.run(process.options()).catch((failure) => {
      if (!(failure instanceof StoreFailure)) throw failure;
    });
  }
}

/** What is prepared is left once the decision is gone, and what holds nothing once that was taken back. */
async function sweepAll(process: Process): Promise<void> {
  const sweep = new Sweep(process.session);
  for (let n = 0; n < 5; n++) {
    await sweep.run(process.options());
    await process.sleep(601_000);
  }
}

/** What means nothing; or does no more, when it has been there for long. */
function leftIn(server: MemoryServer, isLate = false): string[] {
  const isOver = ({ seconds }: Part) => isLate && seconds !== undefined;
  return [...server.all("addressrecords"), ...server.all("storerecords")]
    .filter(
      ({ content = EMPTY, prepared }) => content.size === 0 || prepared || [...content.values()].some(isOver),
    )
    .map(({ id }) => id.name);
}

async function during<T>({ time }: World, run: Promise<T>): Promise<T> {
  let failure: unknown;
  let done: { readonly value: T } | undefined;
  void run.then(
    (value) => {
      done = { value };
    },
    (error) => {
      failure = error;
    },
  );
  await time.run();
  if (done === undefined) throw failure ?? new Error("it never ended");
  return done.value;
}

/** All records as somebody reads them who comes when everybody is gone. */
async function stateOf(process: Process): Promise<State> {
  const state = new Map<string, string>();
  const refs: Ref[] = [
    META,
    RANGES,
    ...OWNERS,
    ...[...V4, ...V6].flatMap((address) => [
      refTo.allocation(SPACE, address),
      refTo.reservation(SPACE, address),
    ]),
  ];
  const snapshot = await read(process.session, { refs }, process.options());
  for (const ref of refs) {
    const found = snapshot.get(ref)?.record as Stamped | undefined;
    if (found !== undefined) state.set(refText(ref), found.stamp);
  }
  for await (const { record, ref } of list(process.session, { kind: "attachment" }, process.options()))
    state.set(refText(ref), (record as unknown as Stamped).stamp);
  return state;
}

function told({ seen, transactions }: History, final: State): string {
  const map = (of: ReadonlyMap<string, unknown>) => [...of].map(([a, b]) => `${a}=${b ?? "-"}`).join(" ");
  return [
    ...transactions.map(
      ({ begin, deletes, early, end, guards, name, puts, strays, told: outcome }) =>
        `${name} ${begin}..${end} ${outcome}${early ? " early" : ""}${strays ? " strays" : ""}\n   if ${map(guards)}\n   put ${[...puts.keys()].join(" ")} delete ${deletes.join(" ")}`,
    ),
    ...seen.map(({ begin, end, of, ref }) => `saw ${begin}..${end} ${ref}=${of ?? "-"}`),
    `final ${map(final)}`,
  ].join("\n");
}
