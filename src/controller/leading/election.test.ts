import { beforeEach, describe, expect, test } from "bun:test";
import { Election, type LeasePort, type LeaseView, takePart } from "./election.ts";

/** A lease in memory; `lost` writes another replica's change between read and write. */
class FakeLease implements LeasePort {
  lease: LeaseView | undefined;
  down = false;
  lost = false;
  #version = 1;

  async read(): Promise<LeaseView | undefined> {
    if (this.down) throw new Error("the API server does not answer");
    return this.lease;
  }

  async write(lease: Omit<LeaseView, "version">, previous: LeaseView | undefined): Promise<boolean> {
    if (this.down) throw new Error("the API server does not answer");
    if (this.lost || previous?.version !== this.lease?.version) return false;
    this.lease = { ...lease, version: String(this.#version++) };
    return true;
  }
}

let lease: FakeLease;
let now: number;
const replica = (name: string) => new Election(lease, name, () => now);

beforeEach(() => {
  lease = new FakeLease();
  now = 1_000;
});

describe("the election", () => {
  test("the first leads, the second waits, and both keep it so", async () => {
    const [a, b] = [replica("a"), replica("b")];
    for (let round = 0; round < 20; round++, now += 2_000) {
      await a.step();
      await b.step();
      expect([a.leads(), b.leads()]).toEqual([true, false]);
    }
    expect(lease.lease?.transitions).toBe(0);
  });

  test("NO-CLOCKS: a lease is taken over only after it was seen unchanged for its whole duration", async () => {
    await replica("a").step();
    const b = replica("b");
    now += 3_600_000;
    await b.step();
    expect(b.leads()).toBe(false);
    now += 14_999;
    await b.step();
    expect(b.leads()).toBe(false);
    now += 1;
    await b.step();
    expect(b.leads()).toBe(true);
    expect(lease.lease).toMatchObject({ holder: "b", transitions: 1 });
  });

  test("a leader that cannot renew stops before another may begin", async () => {
    const [a, b] = [replica("a"), replica("b")];
    await a.step();
    await b.step();
    lease.down = true;
    now += 9_999;
    expect(a.leads()).toBe(true);
    await expect(a.step()).rejects.toThrow("does not answer");
    now += 1;
    expect(a.leads()).toBe(false);
    lease.down = false;
    await b.step();
    expect(b.leads()).toBe(false);
    now += 5_000;
    await b.step();
    expect(b.leads()).toBe(true);
    await a.step();
    expect(a.leads()).toBe(false);
  });

  test("of two that find it free at once, one leads", async () => {
    const a = replica("a");
    lease.lost = true;
    await a.step();
    expect(a.leads()).toBe(false);
    lease.lost = false;
    await a.step();
    expect(a.leads()).toBe(true);
  });

  test("who resigns need not be waited for; who does not lead resigns nothing", async () => {
    const [a, b] = [replica("a"), replica("b")];
    await a.step();
    await b.resign();
    expect(lease.lease?.holder).toBe("a");
    await a.resign();
    expect(a.leads()).toBe(false);
    await b.step();
    expect(b.leads()).toBe(true);
  });

  test("the leader's work begins with the lead and is over before it is given up", async () => {
    const told: string[] = [];
    const ending = new AbortController();
    const a = replica("a");
    const part = takePart(
      a,
      async (term) => {
        told.push(`begins, holder ${lease.lease?.holder}`);
        await new Promise((resolve) => term.addEventListener("abort", resolve));
        told.push(`ends, holder ${lease.lease?.holder}`);
      },
      () => undefined,
      ending.signal,
      1,
    );
    while (told.length === 0) await Bun.sleep(1);
    ending.abort();
    await part;
    expect(told).toEqual(["begins, holder a", "ends, holder a"]);
    expect(lease.lease?.holder).toBe("");
  });

  test("work ends when the lead is lost", async () => {
    let terms = 0;
    let over = 0;
    const ending = new AbortController();
    const part = takePart(
      replica("a"),
      async (term) => {
        terms++;
        await new Promise((resolve) => term.addEventListener("abort", resolve));
        over++;
      },
      () => undefined,
      ending.signal,
      1,
    );
    while (terms === 0) await Bun.sleep(1);
    lease.lease = { holder: "b", durationSeconds: 15, transitions: 1, version: "other" };
    while (over === 0) await Bun.sleep(1);
    ending.abort();
    await part;
    expect([terms, over, lease.lease.holder]).toEqual([1, 1, "b"]);
  });
});
