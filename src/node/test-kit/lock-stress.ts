import fs from "node:fs";
import { lockAttachment } from "../lock.ts";

/**
 * Takes and releases the locks of two attachments as ADDs and DELs do, many times. While it holds a lock its process ID stands in a file that begins with `inside`;
 * exits with 3 when that of another living process does.
 */
const [folder = "", insides = "", rounds = "0"] = process.argv.slice(2);

for (let round = 0; round < Number(rounds); round++) {
  const cancelling = Math.random() < 0.4;
  const container = Math.random() < 0.7 ? "c1" : "c2";
  const inside = `${insides}-${container}`;
  const id = { network: "net1", container, ifname: "eth0" };
  const lock = await lockAttachment(folder, id, { deadline: performance.now() + 60_000, cancelling });
  enter(inside);
  if (Math.random() < 0.3) await Bun.sleep(Math.random() * 2);
  leave(inside);
  lock.release();
}

function enter(inside: string): void {
  const other = fs.existsSync(inside) ? fs.readFileSync(inside, "utf8") : "";
  if (other !== "" && isAlive(other)) fail(`process ${other} is inside, too`);
  fs.writeFileSync(inside, String(process.pid));
}

function leave(inside: string): void {
  if (fs.readFileSync(inside, "utf8") !== String(process.pid)) fail("somebody else came in");
  fs.unlinkSync(inside);
}

/** PF_EXITING of the kernel's task flags (proc(5), /proc/pid/stat). */
const EXITING = 0x4;

/** A killed process drops its locks while it ends: before it is a zombie, and before its parent has fetched its status. */
function isAlive(pid: string): boolean {
  try {
    const [state = "", , , , , , flags] = fs
      .readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return !"ZX".includes(state) && (Number(flags) & EXITING) === 0;
  } catch {
    return false;
  }
}

function fail(message: string): never {
  fs.writeSync(2, `${message}\n`);
  process.exit(3);
}
