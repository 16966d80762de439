import { afterAll, expect, test } from "bun:test";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { formatAddress } from "../../address/address.ts";
import { UNKNOWN } from "../../ipam/unknown-holder.ts";
import { holdForUnknown } from "./damaged-leases.ts";
import { readHostLocalFolder } from "./host-local-folder.ts";

/** Folders as host-local, its old releases, a power cut and hands leave them. */

const root = mkdtempSync(join(tmpdir(), "host-local-folder-"));
const pipe = join(root, "pipe");
Bun.spawnSync(["mkfifo", pipe]);
afterAll(() => rmSync(root, { recursive: true }));

type Make = (path: string) => void;
interface Content {
  readonly make: Make;
  /** As it must be read; undefined for what tells no holder. */
  readonly holder?: { readonly container: string; readonly ifname?: string };
}

const file =
  (text: string | Uint8Array): Make =>
  (path) =>
    writeFileSync(path, text);

const container = fc.stringMatching(/^[a-z0-9][a-zA-Z0-9_.-]{0,70}$/);
const ifname = fc.stringMatching(/^[a-z][a-z0-9@._-]{0,14}$/);
const end = fc.constantFrom("", "\n", "\r\n", " \n");
const written = fc
  .record({
    container,
    ifname: fc.option(ifname, { nil: undefined }),
    eol: fc.constantFrom("\r\n", "\n"),
    end,
  })
  .map(({ container: id, ifname: name, eol, end: last }): Content => {
    const text = `${id}${name === undefined ? "" : `${eol}${name}`}${last}`;
    return { make: file(text), holder: { container: id, ...(name !== undefined && { ifname: name }) } };
  });

const damaged = fc
  .oneof(
    fc.constantFrom<Make>(
      file(""),
      file(" \r\n\n"),
      file("\r\neth0"),
      file(new Uint8Array(70)),
      file(new Uint8Array([0xff, 0xfe, 0x41])),
      file("\ufeffc1\r\neth0"),
      file("c1\r\neth0\r\nmore"),
      file("x".repeat(5000)),
      file(`c1\r\n${"e".repeat(16)}`),
      (path) => mkdirSync(path),
      (path) => symlinkSync("/nowhere/at/all", path),
      (path) => symlinkSync(path, path),
      (path) => symlinkSync("/dev/zero", path),
      (path) => linkSync(pipe, path),
    ),
    fc
      .constantFrom("../a b", "c/1", "c\u001b[2J", "-c", "c\0", "é", "c1\reth0")
      .map((id) => file(`${id}\r\neth0`)),
    fc.constantFrom("eth0/x", "a b", "..", "e\0", "e\u001b[2J", "a:b").map((name) => file(`c1\r\n${name}`)),
  )
  .map((make): Content => ({ make }));

const number = fc.integer({ min: 1, max: 254 });
const address = fc.oneof(
  number.map((n) => ({
    text: `10.42.0.${n}`,
    names: [`10.42.0.${n}`],
    doubtful: [`010.42.0.${n}`, `10.42.00.${n}`],
  })),
  number.map((n) => {
    const group = n.toString(16);
    const names = [`fd00::a:${group}`, `FD00::A:${group}`, `fd00__a_${group}`, `fd00:0:0:0:0:0:a:0${group}`];
    return { text: `fd00::a:${group}`, names, doubtful: [] };
  }),
);

type Fate = "own" | "no address" | "doubtful" | "address";
interface Entry {
  readonly name: string;
  readonly fate: Fate;
  readonly text: string;
  readonly content: Content;
}

const entry: fc.Arbitrary<Entry> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(address, fc.nat(99), fc.boolean(), fc.oneof(written, damaged)).map(nameIt),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.constantFrom("lock", "last_reserved_ip", "last_reserved_ip.0", "last_reserved_ip.12"),
        damaged,
      )
      .map(([name, content]): Entry => ({ name, fate: "own", text: name, content })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom(
          "10.42.0.5.tmp",
          ".10.42.0.5.swp",
          "10.42.0",
          "10.42.0.256",
          "10.42.0.5~",
          "a\u001b[2J",
          "LOCK",
        ),
        fc.oneof(written, damaged),
      )
      .map(([name, content]): Entry => ({ name, fate: "no address", text: name, content })),
  },
);

function nameIt([at, choice, odd, content]: [
  { text: string; names: string[]; doubtful: string[] },
  number,
  boolean,
  Content,
]): Entry {
  const doubtful = odd && at.doubtful.length > 0;
  const names = doubtful ? at.doubtful : at.names;
  return {
    name: names[choice % names.length] ?? at.text,
    fate: doubtful ? "doubtful" : "address",
    text: at.text,
    content,
  };
}

test("each entry is held for its container, or held for an unknown one and told, or told as no address", () => {
  let runs = 0;
  fc.assert(
    fc.property(fc.uniqueArray(entry, { selector: ({ text }) => text, maxLength: 12 }), (entries) => {
      const folder = join(root, String(runs++), "cbr0");
      mkdirSync(folder, { recursive: true });
      for (const { content, name } of entries) content.make(`${folder}/${name}`);
      const read = readHostLocalFolder(join(folder, ".."), "cbr0");
      const unknown = holdForUnknown(read.damaged, "n1", true);
      const of = (fate: Fate) => entries.filter((each) => each.fate === fate);
      const sorted = (texts: readonly string[]) => [...texts].sort();

      const readable = of("address").filter(({ content }) => content.holder !== undefined);
      expect(new Map(read.leases.map(({ address: at, ...holder }) => [formatAddress(at), holder]))).toEqual(
        new Map(readable.map(({ content, text }) => [text, content.holder as { container: string }])),
      );
      const others = [...of("address").filter((each) => !readable.includes(each)), ...of("doubtful")];
      expect(sorted(read.damaged.map(({ entry: path }) => path))).toEqual(
        sorted(others.map(({ name }) => `${folder}/${name}`)),
      );
      expect(sorted(unknown.map(({ address: at }) => formatAddress(at)))).toEqual(
        sorted(others.map(({ text }) => text)),
      );
      for (const held of unknown) expect([held.container, held.node]).toEqual([UNKNOWN, "n1"]);
      expect(new Set(unknown.map((held) => held.ifname)).size).toBe(unknown.length);
      expect(sorted(read.noAddress)).toEqual(sorted(of("no address").map(({ name }) => `${folder}/${name}`)));
    }),
    { numRuns: 60 },
  );
});

function folderOf(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(root, "files-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/${name}`, text);
  const { damaged: told, leases } = readHostLocalFolder(folder, "cbr0");
  return {
    held: leases.map(({ address: at, container: id }) => `${formatAddress(at)} ${id}`),
    told: told.map(({ because, entry: path, unknown }) => [path.slice(folder.length + 1), because, unknown]),
  };
}

test("one address under several names is one lease", () => {
  expect(folderOf({ "fd00::5": "c1\r\neth0", "FD00::5": "c1\neth0\n" })).toEqual({
    held: ["fd00::5 c1"],
    told: [],
  });
});

test("the name that host-local gives counts where another differs, and that is told", () => {
  const because = "another entry gives its address to another container";
  expect(folderOf({ "fd00::5": "c1", "FD00::5": "c2" })).toEqual({
    held: ["fd00::5 c1"],
    told: [["FD00::5", because, false]],
  });
  // Nobody can tell who has it: host-local on Windows, or the other.
  expect(folderOf({ "fd00::5": "c1", fd00__5: "c2" })).toEqual({
    held: [],
    told: [
      ["fd00::5", because, true],
      ["fd00__5", because, true],
    ],
  });
  expect(folderOf({ "fd00::5": "", "FD00::5": "c2" }).held).toEqual([]);
});

test("a folder that cannot be read is named", () => {
  expect(() => readHostLocalFolder(join(root, "missing"), "cbr0")).toThrow("missing cannot be read");
  const loop = join(root, "loop");
  symlinkSync(loop, loop);
  expect(() => readHostLocalFolder(loop, "cbr0")).toThrow("loop cannot be read");
});
