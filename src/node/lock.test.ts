import { expect, test } from "bun:test";
import fs from "node:fs";
import fc from "fast-check";
import type { AttachmentLock } from "../ipam/node-port.ts";
import { attendAttachment, lockAttachment } from "./lock.ts";
import { tryLock } from "./record-lock.ts";
import { modeOf, useScratch } from "./test-kit/scratch.ts";
import { rejected } from "./test-kit/thrown.ts";

const scratch = useScratch();
const id = { network: "net1", container: "c1", ifname: "eth0" };
const within = (ms: number) => performance.now() + ms;

const add = (folder: string, ms = 5000) =>
  lockAttachment(folder, id, { deadline: within(ms), cancelling: false });
const del = (folder: string, ms = 5000) =>
  lockAttachment(folder, id, { deadline: within(ms), cancelling: true });
/** Lets both have the lock in whatever order they get it, and looks at `adding` while it holds it. */
async function expectCancelled(
  adding: Promise<AttachmentLock>,
  other: Promise<AttachmentLock>,
  cancelled: boolean,
): Promise<void> {
  const released = other.then((lock) => lock.release());
  const lock = await adding;
  expect(lock.cancelled()).toBe(cancelled);
  lock.release();
  await released;
}

/** Until whoever asked has asked, and is waiting. */
const settled = () => Bun.sleep(3);

test("a lock excludes others of the same attachment, also within one process", async () => {
  const folder = `${scratch()}/run/locks`;
  const first = await add(folder);
  expect(await rejected(add(folder, 30))).toEqual({
    name: "tryAgain",
    message: "another operation on interface eth0 of container c1 in network 'net1' is still under way",
    details: `another kube-ipam process on this node holds the lock '${folder}/net1@c1@eth0'; try again`,
  });
  first.release();
  (await add(folder, 30)).release();
});

test("who attends sees a DEL that came and went before anybody asked for the lock, and leaves no file", async () => {
  const folder = scratch();
  const early = await attendAttachment(folder, id, within(1000));
  expect(early.cancelled()).toBe(false);
  (await del(folder)).release();
  const late = await attendAttachment(folder, id, within(1000));
  const lock = await add(folder);
  expect([early.cancelled(), late.cancelled(), lock.cancelled()]).toEqual([true, false, false]);
  for (const each of [lock, early, late]) each.release();
  expect(fs.readdirSync(folder)).toEqual([]);
});

test("who attends can lock, excludes others, and is still present when the lock is released", async () => {
  const folder = scratch();
  const attendance = await attendAttachment(folder, id, within(1000));
  const lock = await attendance.lock(within(1000));
  await rejected(add(folder, 10));
  const deleting = del(folder);
  await settled();
  expect([lock.cancelled(), attendance.cancelled()]).toEqual([true, true]);
  lock.release();
  lock.release();
  (await deleting).release();
  expect(fs.readdirSync(folder)).toHaveLength(1);
  attendance.release();
  lock.release();
  expect(fs.readdirSync(folder)).toEqual([]);
});

test("a lock that grew from an attendance waits for others, and ends with it", async () => {
  const folder = scratch();
  const other = await add(folder);
  const attendance = await attendAttachment(folder, id, within(1000));
  expect(await rejected(attendance.lock(within(20)))).toMatchObject({ name: "tryAgain" });
  other.release();
  const lock = await attendance.lock(within(1000));
  attendance.release();
  const next = await add(folder);
  lock.release();
  await rejected(add(folder, 10));
  next.release();
});

test("locks of different attachments do not exclude each other", async () => {
  const folder = scratch();
  const first = await add(folder);
  for (const other of [{ network: "n" }, { container: "c" }, { ifname: "e" }]) {
    const lock = await lockAttachment(
      folder,
      { ...id, ...other },
      { deadline: within(30), cancelling: false },
    );
    lock.release();
  }
  first.release();
});

test("BOUNDED: waiting ends at the deadline, and a deadline that has passed still takes a free lock", async () => {
  const folder = scratch();
  const first = await add(folder, -1);
  const began = performance.now();
  await rejected(add(folder, 50));
  expect(performance.now() - began).toBeGreaterThan(45);
  first.release();
});

test("who waits does not block the event loop", async () => {
  const folder = scratch();
  const first = await add(folder);
  const waiting = add(folder);
  setTimeout(() => first.release(), 20);
  (await waiting).release();
});

test("a DEL cancels the ADD that is under way, at once", async () => {
  const folder = scratch();
  const adding = await add(folder);
  expect(adding.cancelled()).toBe(false);
  const deleting = del(folder);
  await settled();
  expect(adding.cancelled()).toBe(true);
  adding.release();
  expect((await deleting).cancelled()).toBe(false);
  (await deleting).release();
  expect(adding.cancelled()).toBe(true);
});

test("a DEL cancels an ADD that still waits, though it was gone again when the ADD got the lock", async () => {
  const folder = scratch();
  const first = await del(folder);
  const adding = add(folder);
  await settled();
  const second = del(folder);
  await settled();
  first.release();
  await expectCancelled(adding, second, true);
});

test("an ADD that begins after the DEL is unaffected by it, before and after its end", async () => {
  const folder = scratch();
  const holder = await add(folder);
  const deleting = del(folder);
  await settled();
  const during = add(folder);
  await settled();
  holder.release();
  await expectCancelled(during, deleting, false);
  const after = await add(folder);
  expect(after.cancelled()).toBe(false);
  after.release();
});

test("a DEL that gave up waiting has cancelled all the same", async () => {
  const folder = scratch();
  const adding = await add(folder);
  await rejected(del(folder, 10));
  expect(adding.cancelled()).toBe(true);
  adding.release();
});

test("lock files do not accumulate", async () => {
  const folder = scratch();
  const first = await add(folder);
  const [second, third] = [del(folder), add(folder)];
  await rejected(add(folder, 10));
  expect(fs.readdirSync(folder)).toEqual(["net1@c1@eth0"]);
  expect(modeOf(`${folder}/net1@c1@eth0`)).toBe("600");
  first.release();
  (await Promise.race([second, third])).release();
  for (const lock of await Promise.all([second, third])) lock.release();
  expect(fs.readdirSync(folder)).toEqual([]);
});

test("releasing twice does nothing to whoever has the lock or the descriptor now", async () => {
  const folder = scratch();
  const first = await add(folder);
  first.release();
  const second = await add(folder);
  first.release();
  await rejected(add(folder, 10));
  expect([first.cancelled(), second.cancelled()]).toEqual([false, false]);
  second.release();
});

test("FAIL-CLOSED: when somebody removes the lock file, holder and waiters take it for cancelled", async () => {
  const folder = scratch();
  const path = `${folder}/net1@c1@eth0`;
  const holder = await add(folder);
  const waiting = rejected(add(folder));
  await settled();
  fs.unlinkSync(path);
  expect(holder.cancelled()).toBe(true);
  const newcomer = await add(folder);
  holder.release();
  expect(fs.existsSync(path)).toBe(true);
  expect(await waiting).toEqual({
    name: "tryAgain",
    message: `another program removed the lock '${path}' while kube-ipam waited for it`,
    details: "only kube-ipam may remove files below runDir; try again",
  });
  expect(fs.existsSync(path)).toBe(true);
  newcomer.release();
});

test("a folder that cannot be made is an error with a way out", async () => {
  const base = scratch();
  fs.writeFileSync(`${base}/run`, "");
  expect(await rejected(add(`${base}/run/locks`))).toEqual({
    name: "io",
    message: `cannot write '${base}/run/locks/net1@c1@eth0': a part of the path is a file (ENOTDIR)`,
    details: "remove that file, or set 'runDir' to a folder",
  });
});

test("no descriptor stays open", async () => {
  const folder = scratch();
  const open = () => fs.readdirSync("/proc/self/fd").length;
  const before = open();
  for (let round = 0; round < 50; round++) {
    const lock = await add(folder);
    await rejected(del(folder, -1));
    lock.release();
  }
  expect(open()).toBeLessThanOrEqual(before);
});

test("a program started meanwhile does not inherit the lock", async () => {
  const folder = scratch();
  const lock = await add(folder);
  const inherited = Bun.spawnSync(["ls", "-l", "/proc/self/fd"]).stdout.toString();
  expect(inherited).toContain("/proc/");
  expect(inherited).not.toContain(folder);
  lock.release();
});

test("a file system that cannot lock is an error with a way out", async () => {
  const folder = scratch();
  const path = `${folder}/net1@c1@eth0`;
  const fd = fs.openSync(path, "a+");
  tryLock(fd, "exclusive", { from: 1, count: 1 });
  expect((await rejected(add(folder, 20))).name).toBe("tryAgain");
  expect(await rejected(add(folder))).toEqual({
    name: "io",
    message: `cannot lock '${path}'`,
    details:
      "set 'runDir' to a folder on a local file system with open file description locks, such as tmpfs",
  });
  fs.closeSync(fd);
  (await add(folder)).release();
});

interface Asked {
  readonly pending: Promise<AttachmentLock>;
  /** Whether a DEL has asked since. */
  cancelled: boolean;
  lock?: AttachmentLock;
  released: boolean;
}

test("any mixture of ADDs and DELs: one at a time, cancelled exactly by the DELs that came after", async () => {
  const steps = fc.array(fc.constantFrom("add", "del", "release"), { maxLength: 14 });
  await fc.assert(
    fc.asyncProperty(steps, async (sequence) => {
      const folder = scratch();
      const all: Asked[] = [];
      for (const step of [...sequence, ...sequence.map(() => "release")]) {
        if (step === "release") await releaseOne(all);
        else await ask(step === "del", folder, all);
        for (const { lock, cancelled, released } of all) {
          if (lock !== undefined && !released) expect(lock.cancelled()).toBe(cancelled);
        }
        expect(
          all.filter(({ lock, released }) => lock !== undefined && !released).length,
        ).toBeLessThanOrEqual(1);
      }
      expect(all.every(({ released }) => released)).toBe(true);
      expect(fs.readdirSync(folder)).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

async function ask(cancelling: boolean, folder: string, all: Asked[]): Promise<void> {
  if (cancelling) for (const earlier of all) earlier.cancelled ||= !earlier.released;
  const asked: Asked = {
    pending: cancelling ? del(folder) : add(folder),
    cancelled: false,
    released: false,
  };
  void asked.pending.then((lock) => {
    asked.lock = lock;
  });
  all.push(asked);
  await Bun.sleep(0);
}

async function releaseOne(all: Asked[]): Promise<void> {
  const waiting = all.filter(({ released }) => !released);
  if (waiting.length === 0) return;
  await Promise.race(waiting.map(({ pending }) => pending));
  const holder = waiting.find(({ lock }) => lock !== undefined);
  if (holder === undefined) throw new Error("nobody holds the lock");
  holder.lock?.release();
  holder.released = true;
}
