import fs from "node:fs";
import { IpamError } from "../ipam/errors.ts";
import { RECORD_VERSION } from "../ipam/records.ts";
import { createDurably } from "./create-durably.ts";
import { readIfThere, replaceFile } from "./files.ts";
import { type Hardware, isOtherHardware, readHardware } from "./hardware.ts";
import { parse, refuseNewer } from "./json-files.ts";
import { lockBriefly } from "./lock-briefly.ts";
import { quietly } from "./quietly.ts";
import { type MachineFile, MachineFileSchema } from "./schemas.ts";

/** This machine, which may share its node name with others (docs/design.md section 4, "Machine"). */
export interface Machine {
  /** Its ID; undefined before its first ADD, and on a copy of another machine. Changes nothing, never throws. */
  id(): string | undefined;
  /** Whether a boot was one of this machine's, before this one. Never throws. */
  hadBoot(bootId: string): boolean;
  /** The names that its node has had, this one among them. Never throws. */
  names(): readonly string[];
  /**
   * Its ID, lasting from now on, with this boot among its boots.
   *
   * @throws IpamError io where runDir cannot be written, tryAgain where another process is at it.
   */
  establish(): string;
}

export interface MachineOptions {
  readonly dataDir: string;
  readonly runDir: string;
  readonly bootId: string;
  /** The node's name. */
  readonly name: string;
  /** A process that lives long notes how it sees the hardware, where others see it otherwise. */
  readonly notesHardware?: boolean;
  readonly hardware?: () => Hardware;
}

/** Boots that a machine remembers. What is older was reclaimed long ago. */
const MOST_BOOTS = 64;
/** Tries to get the lock, of 100 ms each. */
const MOST_TRIES = 50;
/** Names that a node had before. */
const MOST_NAMES = 8;
/** Views of one hardware: that of the host, and those of containers with another /sys. */
const MOST_VIEWS = 8;

/**
 * Opens the machine's identity. It lies in `dataDir`, and for the rest of a boot in `runDir` too, so that
 * losing one of the two within a boot changes nothing. Whoever comes first in a boot compares the hardware: a
 * copy of the disk in another machine is another machine, and gets an ID of its own.
 */
export function openMachine({
  dataDir,
  runDir,
  bootId,
  name,
  notesHardware = false,
  hardware = thisHardware,
}: MachineOptions): Machine {
  const lasting = `${dataDir}/machine`;
  const ofBoot = `${runDir}/machine`;
  let established: MachineFile | undefined;
  let seen: MachineFile | undefined;

  const inThisBoot = (): MachineFile | undefined => {
    const known = read(ofBoot, "runDir");
    return known?.boots.at(-1) === bootId ? known : undefined;
  };
  const peek = (): MachineFile | undefined => {
    const known = inThisBoot() ?? read(lasting, "dataDir") ?? read(ofBoot, "runDir");
    if (known === undefined || known.boots.includes(bootId)) return known;
    return isCopy(known, hardware()) ? undefined : known;
  };
  /** Within a boot it never changes once it is there. */
  const look = (): MachineFile | undefined => {
    seen ??= peek();
    return seen;
  };
  /** What needs no writing. */
  const complete = (): MachineFile | undefined => {
    const known = inThisBoot();
    if (known?.names.includes(name) !== true || !fs.existsSync(lasting)) return undefined;
    return notesHardware && isCopy(known, hardware()) ? undefined : known;
  };
  const make = (): MachineFile => {
    const done = complete();
    if (done !== undefined) return done;
    const known = peek() ?? fresh();
    const next: MachineFile = {
      ...known,
      boots: [...known.boots.filter((boot) => boot !== bootId), bootId].slice(-MOST_BOOTS),
      names: [...known.names.filter((other) => other !== name), name].slice(-MOST_NAMES),
      hardware: withView(known.hardware, hardware()),
    };
    const made = keep(lasting, next, bootId);
    replaceFile(ofBoot, JSON.stringify(made), "runDir");
    return made;
  };

  return {
    id: () => look()?.id,
    names: () => look()?.names ?? [],
    hadBoot: (boot) => boot !== bootId && look()?.boots.includes(boot) === true,
    establish() {
      if (established !== undefined) return established.id;
      established = complete();
      // Many first ADDs at once may wait for one disk.
      for (let tries = 0; established === undefined && tries < MOST_TRIES; tries++)
        established = lockBriefly(`${ofBoot}.lock`, make);
      if (established === undefined) throw busy(ofBoot);
      seen = established;
      return established.id;
    },
  };
}

function fresh(): MachineFile {
  return { version: RECORD_VERSION, id: crypto.randomUUID(), boots: [], names: [], hardware: [] };
}

/**
 * Writes the lasting file. Where another process with another runDir made it first in this boot, that one
 * counts. A full or read-only disk stops no ADD: the ID then lasts as long as this boot.
 */
function keep(path: string, next: MachineFile, bootId: string): MachineFile {
  if (fs.existsSync(path)) refuseNewer(path, RECORD_VERSION, "dataDir");
  const text = JSON.stringify(next);
  quietly(() => {
    const there = read(path, "dataDir");
    if (there === undefined && createDurably(path, text)) return;
    const first = read(path, "dataDir");
    if (first?.boots.at(-1) !== bootId || first.id === next.id)
      replaceFile(path, text, "dataDir", { durable: true });
  });
  const kept = read(path, "dataDir");
  return kept?.boots.at(-1) === bootId ? kept : next;
}

/** Whether this hardware is none of those that the machine was seen with. */
function isCopy({ hardware }: MachineFile, seen: Hardware): boolean {
  return hardware.length > 0 && hardware.every((view) => isOtherHardware(view, seen));
}

function withView(views: readonly Hardware[], seen: Hardware): Hardware[] {
  const others = views.filter((view) => !Bun.deepEquals(view, seen));
  return Object.keys(seen).length === 0 ? [...views] : [...others, seen].slice(-MOST_VIEWS);
}

/** Undefined where there is none, or it cannot be read. Never throws. */
function read(path: string, key: "dataDir" | "runDir"): MachineFile | undefined {
  return quietly(() => parse(MachineFileSchema, readIfThere(path, key)));
}

let hardwareSeen: Hardware | undefined;

/** It stays the same for as long as this process can live. */
function thisHardware(): Hardware {
  hardwareSeen ??= readHardware();
  return hardwareSeen;
}

function busy(path: string): IpamError {
  return new IpamError(
    "tryAgain",
    `another process of this node keeps '${path}' locked`,
    "it makes this machine's identity; try again",
  );
}
