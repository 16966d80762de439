import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import type { Store } from "../../ipam/store-port.ts";
import { allocation, options, told } from "../contract/fixtures.ts";
import { useScratch } from "./testing/scratch.ts";

const scratch = useScratch();
const WORKER = Bun.fileURLToPath(new URL("./testing/store-worker.ts", import.meta.url));

function worker(dataDir: string, mode: "once" | "forever", from: number) {
  return Bun.spawn([process.execPath, WORKER, dataDir, mode, String(from)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

test("40 cold processes make the store at the same time; one gets the address that all want", async () => {
  const dataDir = `${scratch.folder()}/made/by/whoever/comes/first`;
  const workers = Array.from({ length: 40 }, (_, index) => worker(dataDir, "once", index));
  const answers = await Promise.all(workers.map((each) => each.stdout.text()));
  expect(await Promise.all(workers.map((each) => each.exited))).toEqual(workers.map(() => 0));
  expect(answers.filter((answer) => answer === "won\n")).toHaveLength(1);
  expect(answers.filter((answer) => answer === "lost\n")).toHaveLength(39);
  const store = await scratch.open(dataDir);
  expect((await addresses(store)).length).toBe(41);
}, 60_000);

test("ONE-STEP: kill -9 at any point loses nothing that was answered and leaves nothing half done", async () => {
  const dataDir = scratch.folder();
  let next = 0;
  for (let round = 0; round < 12; round++) {
    const running = worker(dataDir, "forever", next);
    const answered = await answersUntilKilled(running, 5 + Math.random() * 60);
    const store = await scratch.open(dataDir);
    const held = await addresses(store);
    // One commit more may have happened than was answered.
    expect([answered.length, answered.length + 1]).toContain(held.length - next);
    expect((await attachmentsOf(store)).sort()).toEqual([...held].sort());
    for (const number of answered) expect(held).toContain(`10.1.${number >> 8}.${number & 255}`);
    await store.close();
    next = held.length;
    requireIntact(dataDir);
  }
  expect(next).toBeGreaterThan(12);
}, 60_000);

test("kill -9 of the process that makes the store leaves one that others can finish", async () => {
  for (let round = 0; round < 12; round++) {
    const dataDir = scratch.folder();
    const running = worker(dataDir, "forever", 0);
    // Some 15 ms to start, then a few for the folder, the file and its schema.
    await Bun.sleep(10 + round * 4);
    running.kill("SIGKILL");
    await running.exited;
    const store = await scratch.open(dataDir);
    expect((await store.read({ refs: [allocation("10.1.0.0")] }, options())).revision).toBeGreaterThan(0);
    await store.close();
    requireIntact(dataDir);
  }
}, 60_000);

/** The numbers that a worker says it has taken, until it is killed some milliseconds after the first. */
async function answersUntilKilled(running: ReturnType<typeof worker>, milliseconds: number) {
  let text = "";
  for await (const chunk of running.stdout) {
    if (text === "") setTimeout(() => running.kill("SIGKILL"), milliseconds);
    text += new TextDecoder().decode(chunk);
  }
  await running.exited;
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line) => Number(line));
}

async function addresses(store: Store): Promise<string[]> {
  const found: string[] = [];
  for await (const { ref } of store.list({ kind: "allocation" }, options())) found.push(told(ref));
  return found;
}

async function attachmentsOf(store: Store): Promise<string[]> {
  const found: string[] = [];
  for await (const { record } of store.list({ kind: "attachment" }, options()))
    found.push(...record.addresses);
  return found;
}

function requireIntact(dataDir: string): void {
  const database = new Database(`${dataDir}/kube-ipam.db`);
  const answer = database.query("pragma integrity_check").get();
  database.close();
  expect(answer).toEqual({ integrity_check: "ok" });
}
