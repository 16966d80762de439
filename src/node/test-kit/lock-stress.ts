import fs from "node:fs";
import { lockAttachment } from "../lock.ts";

/**
 * Takes and releases one attachment's lock as ADDs and DELs do, many times. While it holds the lock
 * its process ID stands in the file `inside`; exits with 3 when that of another living process does.
 */
const [folder = "", inside = "", rounds = "0"] = process.argv.slice(2);
const id = { network: "net1", container: "c1", ifname: "eth0" };

for (let round = 0; round < Number(rounds); round++) {
  const cancelling = Math.random() < 0.4;
  const lock = await lockAttachment(folder, id, { deadline: performance.now() + 60_000, cancelling });
  enter();
  if (Math.random() < 0.3) await Bun.sleep(Math.random() * 2);
  leave();
  lock.release();
}

function enter(): void {
  const other = fs.existsSync(inside) ? fs.readFileSync(inside, "utf8") : "";
  if (other !== "" && isAlive(other)) fail(`process ${other} is inside, too`);
  fs.writeFileSync(inside, String(process.pid));
}

function leave(): void {
  if (fs.readFileSync(inside, "utf8") !== String(process.pid)) fail("somebody else came in");
  fs.unlinkSync(inside);
}

/** A killed process drops its locks before its parent has fetched its status. */
function isAlive(pid: string): boolean {
  try {
    return !/\) [ZX] /.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

function fail(message: string): never {
  fs.writeSync(2, `${message}\n`);
  process.exit(3);
}
