import { expect, test } from "bun:test";
import fs from "node:fs";
import { useScratch } from "./test-kit/scratch.ts";

const scratch = useScratch();
const WORKER = Bun.fileURLToPath(new URL("./test-kit/lock-worker.ts", import.meta.url));
const STRESS = Bun.fileURLToPath(new URL("./test-kit/lock-stress.ts", import.meta.url));

/** A process of its own that takes the lock as it is told. */
class Worker implements AsyncDisposable {
  readonly #heard: string[] = [];
  readonly #process: Bun.Subprocess;

  constructor(folder: string) {
    this.#process = Bun.spawn([process.execPath, WORKER, folder], {
      ipc: (message: string) => void this.#heard.push(message),
      stdio: ["ignore", "ignore", "inherit"],
    });
  }

  /** Sends an order, if any, and waits until the worker has said `answer`. */
  async until(answer: string, order?: string): Promise<void> {
    if (order !== undefined) this.#process.send(order);
    for (let tries = 0; !this.#heard.includes(answer); tries++) {
      if (tries > 2000) throw new Error(`expected '${answer}', heard ${this.#heard.join(", ") || "nothing"}`);
      await Bun.sleep(2);
    }
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }

  [Symbol.asyncDispose] = () => this.kill();
}

test("between processes: a DEL wins over ADDs that began before it, and over no others", async () => {
  const folder = scratch();
  await using early = new Worker(folder);
  await using deleting = new Worker(folder);
  await using late = new Worker(folder);
  for (const worker of [early, deleting, late]) await worker.until("ready");
  await early.until("held", "add");
  await deleting.until("asked", "del");
  await late.until("asked", "add");
  await early.until("cancelled", "look");
  await early.until("released", "release");
  for (const worker of [deleting, late])
    void worker.until("held").then(() => worker.until("released", "release"));
  for (const worker of [deleting, late]) await worker.until("released");
  await late.until("wanted", "look");
  await deleting.until("wanted", "look");
  expect(fs.readdirSync(folder)).toEqual([]);
});

test("kill -9 of the holder frees the lock; a killed DEL has cancelled all the same", async () => {
  const folder = scratch();
  await using early = new Worker(folder);
  await using killed = new Worker(folder);
  await using next = new Worker(folder);
  for (const worker of [early, killed, next]) await worker.until("ready");
  await early.until("held", "add");
  await killed.until("asked", "del");
  await killed.kill();
  await early.until("cancelled", "look");
  await early.kill();
  expect(fs.readdirSync(folder)).toEqual(["net1@c1@eth0"]);
  await next.until("held", "add");
  await next.until("wanted", "look");
  await next.until("released", "release");
  expect(fs.readdirSync(folder)).toEqual([]);
});

test("many processes at two attachments, some killed: never two inside, and the last one leaves no file", async () => {
  const [folder, inside] = [scratch(), `${scratch()}/inside`];
  const start = (rounds: number) =>
    Bun.spawn([process.execPath, STRESS, folder, inside, String(rounds)], { stderr: "pipe" });
  const [steady, doomed] = [
    Array.from({ length: 4 }, () => start(60)),
    Array.from({ length: 3 }, () => start(10_000)),
  ];
  try {
    for (const process of doomed) {
      await Bun.sleep(150);
      process.kill("SIGKILL");
    }
    for (const process of steady) {
      expect([await process.exited, await new Response(process.stderr).text()]).toEqual([0, ""]);
    }
    expect(doomed.map((process) => process.exitCode)).not.toContain(3);
    await Promise.all(doomed.map((process) => process.exited));
    // Each attachment is taken once more, so that what the killed left is tidied up.
    for (let tries = 0; fs.readdirSync(folder).length > 0 && tries < 20; tries++) {
      expect(await start(2).exited).toBe(0);
    }
    expect(fs.readdirSync(folder)).toEqual([]);
  } finally {
    for (const process of [...steady, ...doomed]) process.kill("SIGKILL");
  }
}, 60_000);
