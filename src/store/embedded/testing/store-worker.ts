import { writeSync } from "node:fs";
import { allocated, allocation, attached, attachment } from "../../contract/fixtures.ts";
import { openEmbeddedStore } from "../open.ts";

/**
 * A process that opens the store cold, as each run of the plugin does.
 *
 * `once N`: asks for one address that all want, prints `won` or `lost`, closes.
 * `forever N`: takes address after address from number N on and prints each once it has it, until it
 * is killed.
 */
const [dataDir = "", mode = "", from = "0"] = process.argv.slice(2);
const store = await openEmbeddedStore(
  { kind: "embedded", dataDir },
  { deadline: performance.now() + 60_000 },
);

if (mode === "once") {
  const contested = await take("10.0.0.1", `c${from}`);
  writeSync(1, contested ? "won\n" : "lost\n");
  if (!(await take(addressOf(Number(from)), `c${from}`))) throw new Error("my own address was taken");
  await store.close();
} else {
  for (let number = Number(from); ; number++) {
    if (!(await take(addressOf(number), `c${number}`))) throw new Error(`${number} was taken`);
    writeSync(1, `${number}\n`);
  }
}

/** ONE-STEP: the address and its attachment's entry. */
async function take(text: string, container: string): Promise<boolean> {
  const [address, entry] = [allocation(text), attachment(`${container} ${text}`)];
  const outcome = await store.commit(
    {
      guards: [{ ref: address, revision: 0 }],
      puts: [
        { ref: address, record: allocated(container) },
        { ref: entry, record: attached(container, text) },
      ],
      deletes: [],
    },
    { deadline: performance.now() + 60_000 },
  );
  return outcome.won;
}

function addressOf(number: number): string {
  return `10.1.${number >> 8}.${number & 255}`;
}
