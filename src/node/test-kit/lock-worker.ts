import { lockAttachment } from "../lock.ts";

/**
 * One process that takes an attachment's lock as it is told over IPC: "add" or "del" asks for it,
 * "look" answers whether it is cancelled, "release" lets go.
 */
const [folder = ""] = process.argv.slice(2);
const id = { network: "net1", container: "c1", ifname: "eth0" };
let lock: Awaited<ReturnType<typeof lockAttachment>> | undefined;

process.on("message", (order: string) => {
  if (order === "look") process.send?.(lock?.cancelled() ? "cancelled" : "wanted");
  else if (order === "release") release();
  else void ask(order === "del");
});
process.send?.("ready");

async function ask(cancelling: boolean): Promise<void> {
  const asked = lockAttachment(folder, id, { deadline: performance.now() + 30_000, cancelling });
  await Bun.sleep(5);
  process.send?.("asked");
  lock = await asked;
  process.send?.("held");
}

function release(): void {
  lock?.release();
  process.send?.("released");
}
