import fs from "node:fs";

/** What tells one machine's hardware from another's: names of facts, and their values. */
export interface Hardware {
  readonly [fact: string]: string | readonly string[];
}

/** Addresses of the network cards, of which a machine may lose some and get others. */
const CARDS = "cards";

/** Where each fact stands. Most can be read by root only. */
const FILES: Readonly<Record<string, string>> = {
  product: "class/dmi/id/product_uuid",
  serial: "class/dmi/id/product_serial",
  board: "class/dmi/id/board_serial",
  hypervisor: "hypervisor/uuid",
  device: "firmware/devicetree/base/serial-number",
};

/**
 * Reads what can be read of the hardware, so that a copy of this machine's disk in another one is noticed.
 * Leaves out what many boards share ("Not Settable", zeros). Empty where nothing can be read, as in many
 * containers. Never throws.
 *
 * @param sys where sysfs is mounted.
 */
export function readHardware(sys = "/sys"): Hardware {
  const facts: Record<string, string | readonly string[]> = {};
  for (const [fact, path] of Object.entries(FILES)) {
    const value = canonical(readText(`${sys}/${path}`));
    if (value !== undefined) facts[fact] = value;
  }
  const cards = readCards(`${sys}/class/net`);
  if (cards.length > 0) facts[CARDS] = cards;
  return facts;
}

/**
 * Whether two readings are certainly of two machines: a fact that both have differs, or they have no network
 * card in common. A wrong "yes" leaves records to an operator; a wrong "no" gives an address twice.
 */
export function isOtherHardware(a: Hardware, b: Hardware): boolean {
  return Object.keys(a).some((fact) => {
    const [mine, theirs] = [a[fact], b[fact]];
    if (mine === undefined || theirs === undefined) return false;
    if (fact !== CARDS) return mine !== theirs;
    return ![mine].flat().some((card) => theirs.includes(card));
  });
}

const JUNK =
  /^(none|n\/?a|null|unknown|default( string)?|not? .*|to be filled.*|system serial.*|base board.*|chassis.*|oem.*|o\.e\.m\..*|empty|serial.*|123456789.*)$/;
/** UUIDs that vendors left in many boards. */
const SHARED: readonly string[] = [
  "03000200-0400-0500-0006-000700080009",
  "00020003-0004-0005-0006-000700080009",
];
const UUID =
  /^([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})-([0-9a-f]{2})([0-9a-f]{2})-([0-9a-f]{2})([0-9a-f]{2})-(.*)$/;

function canonical(text: string): string | undefined {
  const value = text.replace(/\0/g, "").trim().toLowerCase();
  const symbols = new Set(value.replace(/[-_.:\s]/g, ""));
  // A single symbol, over and over, or none.
  if (symbols.size < 2 || JUNK.test(value) || SHARED.includes(value)) return undefined;
  return eitherOrder(value);
}

/** Firmware and kernels of different age show a UUID's first three groups in either byte order. */
function eitherOrder(value: string): string {
  const swapped = value.replace(UUID, "$4$3$2$1-$6$5-$8$7-$9");
  return swapped < value ? swapped : value;
}

/** The cards' own addresses: neither those that somebody set, nor those of virtual interfaces. */
function readCards(folder: string): string[] {
  try {
    return fs
      .readdirSync(folder)
      .filter((name) => fs.existsSync(`${folder}/${name}/device`))
      .filter((name) => readText(`${folder}/${name}/addr_assign_type`).trim() === "0")
      .map((name) => readText(`${folder}/${name}/address`).trim().toLowerCase())
      .filter((address) => /[1-9a-f]/.test(address))
      .sort();
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return fs.readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
