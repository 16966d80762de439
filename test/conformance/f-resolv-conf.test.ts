import { expect } from "bun:test";
import { mkdirSync } from "node:fs";
import { everywhere, ours } from "../kit/case.ts";
import type { World } from "../kit/world.ts";

/** docs/behaviour.md section F: name servers from `resolvConf`. */

async function dnsOf(world: World, text: string) {
  const resolvConf = world.place.folder.file("resolv.conf");
  await Bun.write(resolvConf, text);
  return (await world.add(world.network({ subnet: "10.1.2.0/24", resolvConf }))).dns;
}

everywhere("F1", "nameservers keep their order", async (world) => {
  expect(await dnsOf(world, "nameserver 192.0.2.3\nnameserver 2001:db8::53\n")).toEqual({
    nameservers: ["192.0.2.3", "2001:db8::53"],
  });
});

everywhere("F2", "comments and blank lines are ignored, blanks trimmed", async (world) => {
  const text = "# nameserver 192.0.2.1\n; nameserver 192.0.2.2\n\n \t nameserver 192.0.2.3\n";
  expect(await dnsOf(world, text)).toEqual({ nameservers: ["192.0.2.3"] });
});

everywhere("F3", "several search lines are joined", async (world) => {
  expect(await dnsOf(world, "search a b\nsearch c\n")).toEqual({ search: ["a", "b", "c"] });
});

everywhere("F4", "several options lines are joined", async (world) => {
  expect(await dnsOf(world, "options one two\noptions three\n")).toEqual({
    options: ["one", "two", "three"],
  });
});

everywhere("F5", "the last domain wins", async (world) => {
  expect(await dnsOf(world, "domain a\ndomain b\n")).toEqual({ domain: "b" });
});

everywhere("F6", "keys without a value and unknown keys are ignored", async (world) => {
  expect(await dnsOf(world, "nameserver\nsortlist 10.0.0.0\nnameserver 192.0.2.3\n")).toEqual({
    nameservers: ["192.0.2.3"],
  });
});

ours("F7", "what follows the first word, or a comment sign, is cut", async (world) => {
  expect(await dnsOf(world, "nameserver 192.0.2.3 extra\nsearch a b # c d\n")).toEqual({
    nameservers: ["192.0.2.3"],
    search: ["a", "b"],
  });
});

everywhere("F8", "a missing file fails before anything is allocated", async (world) => {
  const resolvConf = world.place.folder.file("nowhere");
  const net = world.network({ subnet: "10.1.2.0/24", resolvConf });
  await world.refused("ADD", net, {}, { code: 5, text: /nowhere/ });
  expect(await world.held()).toEqual([]);
});

ours("F9", "an empty file gives no dns key", async (world) => {
  expect(await dnsOf(world, "")).toBeUndefined();
});

everywhere("F10", "a folder is refused", async (world) => {
  const resolvConf = world.place.folder.file("folder");
  mkdirSync(resolvConf);
  await world.refused(
    "ADD",
    world.network({ subnet: "10.1.2.0/24", resolvConf }),
    {},
    { code: 5, text: /folder/ },
  );
  expect(await world.held()).toEqual([]);
});

everywhere("F10", "CRLF and a missing final newline do no harm", async (world) => {
  expect(await dnsOf(world, "nameserver 192.0.2.3\r\nnameserver 192.0.2.4")).toEqual({
    nameservers: ["192.0.2.3", "192.0.2.4"],
  });
});

ours("F10", "a huge or binary file does no harm", async (world) => {
  const resolvConf = world.place.folder.file("huge");
  await Bun.write(resolvConf, new Uint8Array(12_000_000).fill(7));
  const net = world.network({ subnet: "10.1.2.0/24", resolvConf });
  const finished = await world.run("ADD", net);
  expect((await world.held()).length).toBe(finished.exitCode === 0 ? 1 : 0);
});

everywhere("F11", "the configuration's own dns is not copied", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/24" }, { dns: { nameservers: ["192.0.2.9"] } });
  expect((await world.add(net)).dns ?? {}).toEqual({});
});

everywhere("F13", "DEL and CHECK do not read the file", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/24" });
  const prevResult = await world.add(net);
  const resolvConf = world.place.folder.file("nowhere");
  const later = { ...world.network({ subnet: "10.1.2.0/24", resolvConf }), prevResult };
  await world.quietly("CHECK", later);
  await world.quietly("DEL", later);
  expect(await world.held()).toEqual([]);
});
