import { expect, test } from "bun:test";
import { formatAddress, parseAddress } from "../../address/address.ts";
import { Pool } from "../../address/pool.ts";
import type { Window } from "../store-port.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { createWorld } from "../testing/world.ts";
import { moveCursor } from "./cursor.ts";
import { STRETCH, stretchesIn } from "./stretches.ts";

const first = parseAddress("10.0.0.1");
const poolOfSize = (size: number) =>
  new Pool([{ first, last: { ...first, value: first.value + BigInt(size - 1) } }]);

test("K241: stretches never overlap, wherever the node's own begins and however many are asked for", () => {
  const world = createWorld();
  const random = seededRandom(7);
  for (let run = 0; run < 2000; run += 1) {
    const pool = poolOfSize(513 + Math.floor(random() * (run % 2 === 0 ? 600 : 6000)));
    const ports = { ...world.ports(world.node("node1")), random };
    moveCursor(pool, "default", BigInt(Math.floor(random() * Number(pool.size))), ports);
    const others = 1 + Math.floor(random() * 7);
    const windows: Window[] = [];
    const { stretches } = stretchesIn(pool, "default", ports, { windows, others });
    expect(stretches.length).toBe(1 + Math.min(others, Number((pool.size - STRETCH) / STRETCH)));
    const seen = new Set<string>();
    for (const window of windows)
      for (let { value } = window.first; value <= window.last.value; value += 1n)
        seen.add(formatAddress({ ...window.first, value }));
    expect(seen.size).toBe(stretches.length * Number(STRETCH));
  }
});
