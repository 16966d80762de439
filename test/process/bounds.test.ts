import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { closeSync, constants, openSync, writeSync } from "node:fs";
import { ours } from "../kit/case.ts";
import { environment, type Verb } from "../kit/cni.ts";
import { run, tool } from "../kit/run.ts";
import { storeFiles } from "../kit/store-files.ts";
import type { World } from "../kit/world.ts";

/** BOUNDED and K22: whatever the store does, every verb ends in its time. */

const NO_ATTACHMENT = { container: "", netns: "", ifname: "" };
const MODERN = { cniVersion: "1.1.0" };
const SUBNET = { subnet: "10.1.2.0/24" };

/** A verb that goes on for so many times its own limit is killed, which fails the test. */
const times = (limit: number) => ({ limit: 4 * limit });

ours(
  "BOUNDED",
  "verbs give up in time while another process holds the store",
  async (world) => {
    await world.add(world.network(SUBNET, MODERN));
    await using _lock = await holdStore(world);
    const net = world.network(SUBNET, MODERN);
    const [status, del, add] = await Promise.all([
      world.run("STATUS", net, NO_ATTACHMENT, times(2_000)),
      world.run("DEL", net, {}, times(10_000)),
      world.run("ADD", net, { container: "late" }, times(40_000)),
    ]);
    // Readers need not wait for a writer: STATUS may as well succeed.
    if (status.exitCode !== 0) world.refusal(status, { code: 50 });
    world.refusal(add, { code: 11 });
    // containerd takes these words for success (docs/behaviour.md L11).
    expect(`${del.stdout}${del.stderr}`).not.toMatch(/not found|no such file or directory/i);
  },
  { limit: 180_000 },
);

ours("BOUNDED", "a DEL that could not reach the store is made good by the next run", async (world) => {
  const net = world.network(SUBNET, MODERN);
  await world.add(net);
  {
    await using _lock = await holdStore(world);
    await world.run("DEL", net);
  }
  await world.del(net);
  expect(await world.held()).toEqual([]);
});

ours("FLAT", "ADD in a full /16 is refused in bounded time", async (world) => {
  const net = world.network({ subnet: "10.1.0.0/16", exclude: ["10.1.0.0/16"] });
  const finished = await world.run("ADD", net);
  world.refusal(finished, { code: 100 });
});

const VERBS = ["ADD", "CHECK", "DEL", "GC", "STATUS"] as const;

for (const kind of ["socket", "pipe"] as const) {
  ours(
    "BOUNDED",
    `a ${kind} that stays open after the configuration keeps no verb waiting`,
    async (world) => {
      const prevResult = await world.add(world.network(SUBNET, MODERN));
      const net = world.network(SUBNET, { ...MODERN, prevResult, "cni.dev/valid-attachments": [] });
      for (const verb of VERBS) {
        const finished = await onOpenStdin(world, kind, verb, JSON.stringify(net));
        expect([verb, finished.exitCode]).toEqual([verb, 0]);
      }
    },
  );

  ours(
    "BOUNDED",
    `a ${kind} that stays open in the middle of the configuration is error 6`,
    async (world) => {
      for (const text of ["", '{"cniVersion": "1.1.0", "name": "}"'])
        world.refusal(await onOpenStdin(world, kind, "STATUS", text), {
          code: 6,
          text: /did not end in time/,
        });
    },
  );
}

ours("BOUNDED", "a stdin that says more and more is error 5", async (world) => {
  const endless = await run(["sh", "-c", 'yes | exec "$0"', world.place.executable], {
    env: { ...world.place.env, ...environment("ADD", {}) },
    limit: 40_000,
  });
  world.refusal(endless, { code: 5, text: /larger than/ });
});

/** Runs a verb whose stdin neither ends nor says more; what waits for that is killed long after its time. */
async function onOpenStdin(world: World, kind: "socket" | "pipe", verb: Verb, text: string) {
  if (kind === "socket") return world.run(verb, "", {}, { stdin: { unended: text }, limit: 30_000 });
  const pipe = world.place.folder.file(`stdin-${crypto.randomUUID()}`);
  await tool("mkfifo", pipe);
  const writer = openSync(pipe, constants.O_RDWR);
  try {
    writeSync(writer, text);
    const prefix = ["sh", "-c", 'exec "$1" <"$0"', pipe];
    return await world.run(verb, "", {}, { prefix, limit: 30_000 });
  } finally {
    closeSync(writer);
  }
}

/** Holds every write lock of the embedded store until disposed, as a stuck process would. */
async function holdStore(world: World): Promise<AsyncDisposable> {
  const files = await storeFiles(world.place.folder.file("data"));
  const databases = files.map((file) => {
    const database = new Database(file);
    database.run("BEGIN EXCLUSIVE");
    return database;
  });
  expect(databases.length).toBeGreaterThan(0);
  return {
    [Symbol.asyncDispose]: async () => {
      for (const database of databases) {
        database.run("ROLLBACK");
        database.close();
      }
    },
  };
}
