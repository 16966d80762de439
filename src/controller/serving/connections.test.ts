import { expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import type { TLSSocket } from "node:tls";
import { Connections, type Phase } from "./connections.ts";
import { SERVING_LIMITS } from "./limits.ts";

class Client extends EventEmitter {
  destroyed = false;
  constructor(
    readonly remoteAddress: string,
    readonly authorized = false,
  ) {
    super();
  }
  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

const limited = (connections: number) => new Connections({ ...SERVING_LIMITS, connections });

function take(connections: Connections, client: Client, phase: Phase = "idle"): Client {
  connections.take(client as unknown as TLSSocket);
  connections.enter(client as unknown as TLSSocket, phase);
  return client;
}

test("K140: a new connection takes the place of the oldest of the address that has the most", () => {
  const connections = limited(4);
  const server = take(connections, new Client("10.0.0.1"));
  const flood = [1, 2, 3].map(() => take(connections, new Client("10.0.0.9"), "body"));
  const next = take(connections, new Client("10.0.0.9"));
  expect([server, ...flood, next].map(({ destroyed }) => destroyed)).toEqual([
    false,
    true,
    false,
    false,
    false,
  ]);
  expect(connections.size).toBe(4);
  connections.closeAll();
  expect(connections.size).toBe(0);
});

test("K140: who shows a certificate that is trusted is spared, and so is what we are answering", () => {
  const connections = limited(3);
  const trusted = take(connections, new Client("10.0.0.1", true));
  const answered = take(connections, new Client("10.0.0.9"), "answer");
  const stranger = take(connections, new Client("10.0.0.9"));
  const another = take(connections, new Client("10.0.0.9"), "answer");
  expect([trusted, answered, stranger, another].map(({ destroyed }) => destroyed)).toEqual([
    false,
    false,
    true,
    false,
  ]);
  connections.enter(trusted as unknown as TLSSocket, "answer");
  expect(take(connections, new Client("10.0.0.1")).destroyed).toBe(true);
  expect(connections.size).toBe(3);
  connections.closeAll();
});
