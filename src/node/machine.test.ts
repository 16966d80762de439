import { describe, expect, test } from "bun:test";
import fs from "node:fs";
import fc from "fast-check";
import { isOtherHardware, readHardware } from "./hardware.ts";
import { openMachine } from "./machine.ts";
import { useScratch } from "./test-kit/scratch.ts";

const scratch = useScratch();
const HARDWARE = { product: "4c4c4544-0042-3010-8054-b5c04f4b4d32", cards: ["52:54:00:00:00:01"] };

/** A process of the machine whose folders lie in `base`. */
const inBoot = (base: string, bootId: string, hardware: object = HARDWARE, notesHardware = false) =>
  openMachine({
    dataDir: `${base}/data`,
    runDir: `${base}/run`,
    bootId,
    name: "n1",
    notesHardware,
    hardware: () => hardware as Record<string, string>,
  });

/** What a reboot leaves. */
const rebooted = (base: string) => fs.rmSync(`${base}/run`, { recursive: true });

describe("the identity of a machine", () => {
  test("looking makes none", () => {
    const base = scratch();
    expect([inBoot(base, "b1").id(), inBoot(base, "b1").hadBoot("b0")]).toEqual([undefined, false]);
    expect(fs.readdirSync(base)).toEqual([]);
  });

  test("it is the same in all processes, after reboots, and knows its former boots", () => {
    const base = scratch();
    const id = inBoot(base, "b1").establish();
    expect(inBoot(base, "b1").id()).toBe(id);
    expect(inBoot(base, "b1").hadBoot("b1")).toBe(false);
    rebooted(base);
    expect([inBoot(base, "b2").id(), inBoot(base, "b2").hadBoot("b1")]).toEqual([id, true]);
    expect(inBoot(base, "b2").establish()).toBe(id);
    rebooted(base);
    const third = inBoot(base, "b3");
    expect([third.hadBoot("b1"), third.hadBoot("b2"), third.hadBoot("b0")]).toEqual([true, true, false]);
  });

  test("losing one of its two files within a boot changes nothing", () => {
    const base = scratch();
    const id = inBoot(base, "b1").establish();
    for (const lost of ["data", "run"]) {
      fs.rmSync(`${base}/${lost}`, { recursive: true });
      expect(inBoot(base, "b1").establish()).toBe(id);
    }
    rebooted(base);
    expect([inBoot(base, "b2").id(), inBoot(base, "b2").hadBoot("b1")]).toEqual([id, true]);
  });

  test("losing dataDir and rebooting makes another machine", () => {
    const base = scratch();
    const id = inBoot(base, "b1").establish();
    fs.rmSync(`${base}/data`, { recursive: true });
    rebooted(base);
    expect(inBoot(base, "b2").id()).toBeUndefined();
    expect(inBoot(base, "b2").establish()).not.toBe(id);
    expect(inBoot(base, "b2").hadBoot("b1")).toBe(false);
  });

  test("a copy of the disk in other hardware is another machine, without the boots of the first", () => {
    const [base, copy] = [scratch(), scratch()];
    const id = inBoot(base, "b1").establish();
    fs.cpSync(`${base}/data`, `${copy}/data`, { recursive: true });
    const other = inBoot(copy, "b9", { product: "other" });
    expect([other.id(), other.hadBoot("b1")]).toEqual([undefined, false]);
    const made = other.establish();
    expect(made).not.toBe(id);
    expect([inBoot(copy, "b9").id(), inBoot(copy, "b9").hadBoot("b1")]).toEqual([made, false]);
    rebooted(copy);
    expect(inBoot(copy, "b10", { product: "other" }).id()).toBe(made);
  });

  test("a container that sees other hardware is of this machine within a boot, and noted for the next", () => {
    const base = scratch();
    const id = inBoot(base, "b1").establish();
    const inPod = { product: "the host's" };
    expect(inBoot(base, "b1", inPod, true).establish()).toBe(id);
    rebooted(base);
    expect(inBoot(base, "b2", inPod).id()).toBe(id);
    expect(inBoot(base, "b2").id()).toBe(id);
  });

  test("without readable hardware the disk decides", () => {
    const base = scratch();
    const id = inBoot(base, "b1", {}).establish();
    rebooted(base);
    expect(inBoot(base, "b2", {}).establish()).toBe(id);
    rebooted(base);
    expect(inBoot(base, "b3", HARDWARE).id()).toBe(id);
  });

  test("a damaged file is as none; one of a newer program stays as it is", () => {
    const base = scratch();
    const id = inBoot(base, "b1").establish();
    rebooted(base);
    const newer = JSON.stringify({ version: 99, id: "x" });
    fs.writeFileSync(`${base}/data/machine`, newer);
    expect(() => inBoot(base, "b2").establish()).toThrow("was written by a newer kube-ipam");
    expect(fs.readFileSync(`${base}/data/machine`, "utf8")).toBe(newer);
    fs.writeFileSync(`${base}/data/machine`, "{");
    expect(inBoot(base, "b2").establish()).not.toBe(id);
  });

  test("a full disk stops no ADD", () => {
    const base = scratch();
    fs.writeFileSync(`${base}/data`, "");
    const id = inBoot(base, "b1").establish();
    expect(inBoot(base, "b1").id()).toBe(id);
  });

  test("processes that make it at once agree", async () => {
    const base = scratch();
    const script = `
      const { openMachine } = await import(${JSON.stringify(new URL("./machine.ts", import.meta.url).href)});
      const at = { dataDir: "${base}/data", runDir: "${base}/run" + process.argv.at(-1), bootId: "b1", name: "n1" };
      process.stdout.write(openMachine(at).establish());`;
    const ids = await Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        const child = Bun.spawn([process.execPath, "-e", script, `${index % 2}`], { stdout: "pipe" });
        return child.stdout.text();
      }),
    );
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("hardware", () => {
  const SHARED = ["Not Settable", "Not Specified", "None", "Default string", "To be filled by O.E.M.", ""];

  test("what many boards share tells nothing", () => {
    const junk = ["00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"];
    const vendors = ["03000200-0400-0500-0006-000700080009", "0", "System Serial Number", "123456789"];
    for (const text of [...SHARED, ...junk, ...vendors]) {
      const base = scratch();
      fs.mkdirSync(`${base}/class/dmi/id`, { recursive: true });
      fs.writeFileSync(`${base}/class/dmi/id/product_uuid`, `${text}\n`);
      expect(readHardware(base)).toEqual({});
    }
  });

  test("a UUID is the same in either order of bytes and in either case", () => {
    const read = (text: string) => {
      const base = scratch();
      fs.mkdirSync(`${base}/class/dmi/id`, { recursive: true });
      fs.writeFileSync(`${base}/class/dmi/id/product_uuid`, text);
      return readHardware(base);
    };
    const one = read("564D1234-5678-9ABC-DEF0-112233445566");
    expect(one.product).toBeDefined();
    expect(read("34124d56-7856-bc9a-def0-112233445566\n")).toEqual(one);
    expect(read("564D1234-5678-9ABC-DEF0-112233445567")).not.toEqual(one);
  });

  test("only the own addresses of real cards count", () => {
    const base = scratch();
    const card = (name: string, address: string, type: string, real = true) => {
      fs.mkdirSync(`${base}/class/net/${name}${real ? "/device" : ""}`, { recursive: true });
      fs.writeFileSync(`${base}/class/net/${name}/address`, `${address}\n`);
      fs.writeFileSync(`${base}/class/net/${name}/addr_assign_type`, `${type}\n`);
    };
    card("eth0", "52:54:00:AA:00:01", "0");
    card("eth1", "52:54:00:aa:00:02", "3");
    card("veth0", "52:54:00:aa:00:03", "0", false);
    card("dead", "00:00:00:00:00:00", "0");
    expect(readHardware(base)).toEqual({ cards: ["52:54:00:aa:00:01"] });
  });

  test("never another machine than itself; another one where any fact differs or no card is left", () => {
    const facts = fc.record(
      {
        product: fc.constantFrom("p1", "p2"),
        serial: fc.constantFrom("s1", "s2"),
        cards: fc.subarray(["c1", "c2", "c3"], { minLength: 1 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(facts, facts, (a, b) => {
        const differs = (x: unknown, y: unknown) => x !== undefined && y !== undefined && x !== y;
        const apart = a.cards && b.cards && !a.cards.some((card) => b.cards?.includes(card));
        expect(isOtherHardware(a, a)).toBe(false);
        expect(isOtherHardware(a, b)).toBe(
          differs(a.product, b.product) || differs(a.serial, b.serial) || apart === true,
        );
      }),
    );
  });
});
