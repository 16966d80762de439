import { describe, expect, test } from "bun:test";
import { SharedLooks } from "./shared-looks.ts";

/** Looks whose answers the test gives. */
function lookout({ lasts = true } = {}) {
  const looks = new SharedLooks();
  const answers: PromiseWithResolvers<string>[] = [];
  const look = () => {
    const answer = Promise.withResolvers<string>();
    answers.push(answer);
    return answer.promise;
  };
  const share = (since = looks.moment(), wait = (ended: Promise<void>) => ended) =>
    looks.share("pool", look, { since, lasts: () => lasts, wait });
  return { looks, answers, share };
}

/** Lets all go on that need not wait. */
const settle = () => Bun.sleep(0);

describe("K242: shared looks", () => {
  test("those who began before a look share it, also once it has ended", async () => {
    const { looks, answers, share } = lookout();
    const [first, second, late] = [looks.moment(), looks.moment(), looks.moment()];
    const both = [share(first), share(second)];
    answers[0]?.resolve("full");
    expect(await Promise.all(both)).toEqual(["full", "full"]);
    expect(await share(late)).toBe("full");
    expect(answers).toHaveLength(1);
  });

  test("those who begin after it share the next one", async () => {
    const { answers, share } = lookout();
    const first = share();
    const later = [share(), share(), share()];
    await settle();
    expect(answers).toHaveLength(1);
    answers[0]?.resolve("full");
    expect(await first).toBe("full");
    await settle();
    expect(answers).toHaveLength(2);
    answers[1]?.resolve("free");
    expect(await Promise.all(later)).toEqual(["free", "free", "free"]);
  });

  test("an answer that does not last serves those who have waited for it, and nobody after", async () => {
    const { looks, answers, share } = lookout({ lasts: false });
    const [first, second, late] = [looks.moment(), looks.moment(), looks.moment()];
    const both = [share(first), share(second)];
    answers[0]?.resolve("free");
    expect(await Promise.all(both)).toEqual(["free", "free"]);
    void share(late);
    expect(answers).toHaveLength(2);
  });

  test("where a look fails, those who wait for it look themselves", async () => {
    const { looks, answers, share } = lookout();
    const [first, second] = [looks.moment(), looks.moment()];
    const failing = share(first).catch((failure) => failure);
    const waiting = share(second);
    answers[0]?.reject(new Error("unavailable"));
    expect(await failing).toMatchObject({ message: "unavailable" });
    await settle();
    answers[1]?.resolve("full");
    expect(await waiting).toBe("full");
  });

  test("who may wait no longer looks alone; who is not wanted any more ends", async () => {
    const { looks, answers, share } = lookout();
    const [first, second, third] = [looks.moment(), looks.moment(), looks.moment()];
    void share(first);
    const impatient = share(second, async () => undefined);
    const unwanted = share(third, () => Promise.reject(new Error("cancelled"))).catch((failure) => failure);
    await settle();
    answers[1]?.resolve("free");
    expect(await impatient).toBe("free");
    expect(await unwanted).toMatchObject({ message: "cancelled" });
    expect(answers).toHaveLength(2);
  });

  test("what was kept is not replaced by what began before it", () => {
    const { looks } = lookout();
    const [before, early, late] = [looks.moment(), looks.moment(), looks.moment()];
    looks.keep("pool", late, "new");
    looks.keep("pool", early, "old");
    expect(looks.recall<string>("pool", before)).toBe("new");
    expect(looks.recall<string>("pool", late)).toBeUndefined();
    expect(looks.recall<string>("other", before)).toBeUndefined();
  });
});
