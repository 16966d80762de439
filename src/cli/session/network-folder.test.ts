import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readNetworkFolder } from "./network-folder.ts";

const root = mkdtempSync(join(tmpdir(), "kube-ipam-net.d-"));
const folder = join(root, "net.d");
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
});

const lan = { cniVersion: "1.0.0", name: "lan", type: "macvlan", ipam: { type: "kube-ipam" } };
const at = (name: string) => join(folder, name);
const write = (name: string, content: unknown) =>
  writeFileSync(
    at(name),
    typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content),
  );

/** One line for each entry. */
function seen(): string[] {
  return readNetworkFolder(folder).map(({ path, networks, remark, fault }) =>
    [
      path.slice(folder.length + 1),
      ...networks.map(({ name }) => String(name)),
      ...(remark === undefined ? [] : [remark.found]),
      ...(fault === undefined ? [] : [String((fault as Error).message).replace(`${path} `, "")]),
    ].join(" | "),
  );
}

const PASSED = ": it is passed over";

test("K110: an entry that is no readable file gets one remark, and the others are read", () => {
  write("10-lan.conf", lan);
  symlinkSync("/nowhere", at("20-dead.conflist"));
  mkdirSync(at("30-folder.conf"));
  symlinkSync(at("40-loop.conf"), at("40-loop.conf"));
  Bun.spawnSync(["mkfifo", at("50-pipe.conf")]);
  symlinkSync("/dev/zero", at("51-device.conf"));
  symlinkSync("/proc/kmsg", at("52-kernel.conf"));
  write("60-empty.json", "");
  write("61-latin.conf", new Uint8Array([0x7b, 0xe4, 0x7d]));
  write("62-utf16.conf", Buffer.from('\ufeff{"name":"x"}', "utf16le"));
  write("63-mark.conf", `\ufeff${JSON.stringify({ ...lan, name: "marked" })}`);
  write("64-huge.conf", "{}");
  truncateSync(at("64-huge.conf"), 1024 ** 4);
  write("90-lan.conflist", { cniVersion: "1.0.0", name: "last", plugins: [{ type: "tuning" }, lan] });
  const found = seen();
  expect(found.toSpliced(6, 1)).toEqual([
    "10-lan.conf | lan",
    `20-dead.conflist | is a link that leads nowhere${PASSED}`,
    `30-folder.conf | is not a regular file${PASSED}`,
    `40-loop.conf | cannot be read: ELOOP: too many symbolic links encountered, open '${at("40-loop.conf")}'${PASSED}`,
    `50-pipe.conf | is not a regular file${PASSED}`,
    `51-device.conf | is not a regular file${PASSED}`,
    `60-empty.json | is empty${PASSED}`,
    `61-latin.conf | is not UTF-8${PASSED}`,
    `62-utf16.conf | is not UTF-8${PASSED}`,
    "63-mark.conf | marked | begins with a byte order mark, and a runtime does not read it",
    `64-huge.conf | is larger than 1048576 bytes${PASSED}`,
    "90-lan.conflist | last",
  ]);
  // What the kernel says of it depends on who asks.
  expect(found[6]).toStartWith("52-kernel.conf | ");
});

test("K110: only what libcni reads counts, in its order", () => {
  for (const name of [
    "b.conf",
    "a.json",
    "C.conflist",
    "a.conf~",
    "a.conf.swp",
    "#a.conf#",
    "a.conf.bak",
    "x.CONF",
    "conf",
  ])
    write(name, { ...lan, name });
  expect(seen()).toEqual(["C.conflist | C.conflist", "a.json | a.json", "b.conf | b.conf"]);
});

test("K111: delegates are read, and what names kube-ipam elsewhere is passed over with a word", () => {
  const passed =
    "has \"kube-ipam\" elsewhere than as the type of a plugin's or delegate's ipam: it is passed over";
  write("00-multus.conf", {
    type: "multus",
    name: "m",
    delegates: [lan, { type: "bridge" }, { name: "l2", plugins: [lan] }],
  });
  write("01-thick.conf", { cniVersion: "1.0.0", name: "kube-ipam", type: "multus-shim", logLevel: "info" });
  write("02-named.conf", { cniVersion: "1.0.0", name: "x", type: "kube-ipam" });
  write("03-nested.conf", { name: "x", type: "flannel", delegate: { ipam: { type: "kube-ipam" } } });
  write("04-list.conflist", {
    name: "m",
    plugins: [{ type: "portmap" }, { type: "multus", delegates: [lan] }],
  });
  write("05-broken.conf", '{"ipam":{"type":"kube-ipam"},}');
  write("06-theirs.conf", { name: "y", type: "bridge", ipam: { type: "host-local" } });
  write("07-escaped.conf", JSON.stringify(lan).replace("kube-ipam", "kube\\u002dipam"));
  write("08-definition.json", { kind: "NetworkAttachmentDefinition", spec: { config: JSON.stringify(lan) } });
  expect(seen()).toEqual([
    "00-multus.conf | lan | l2",
    `01-thick.conf | ${passed}`,
    `02-named.conf | ${passed}`,
    `03-nested.conf | ${passed}`,
    "04-list.conflist | lan",
    expect.stringContaining("05-broken.conf | is not valid JSON"),
    "07-escaped.conf | lan",
    `08-definition.json | ${passed}`,
  ]);
});

test("a folder that is not there is empty, and one that is none gets a remark", () => {
  expect(readNetworkFolder(join(root, "nowhere"))).toEqual([]);
  write("file", "x");
  const [entry] = readNetworkFolder(at("file"));
  expect(entry?.remark?.found).toStartWith("the folder cannot be read: ENOTDIR");
});
