import { createServer, type Socket } from "node:net";
import { FLAG, FrameCutter, head, KIND } from "../../src/store/etcd/http2/frames.ts";
import { alone } from "../kit/case.ts";

/** What answers where etcd should, or a proxy before it, may be anything. */

/** Milliseconds; far above etcd's request time-out, far below an ADD's. */
const LIMIT = 30_000;
const ZEROS = new Array(200).fill(0x80);

const framed = (kind: number, flags: number, stream: number, payload: readonly number[]) =>
  Buffer.concat([head(kind, flags, stream, payload.length), Uint8Array.from(payload)]);

const PEERS: Record<
  string,
  { readonly said: RegExp; answer(stream: number, turn: number): Buffer | undefined }
> = {
  "a number that is filled up with zeros": {
    said: /number in the headers is too large/,
    answer: (stream, turn) =>
      turn > 0 ? undefined : framed(KIND.headers, FLAG.endHeaders, stream, [0, 0x7f, ...ZEROS, 0]),
  },
  "a message of 4 GiB": {
    said: /message of 4294967295 bytes/,
    answer: (stream, turn) =>
      turn > 0
        ? framed(KIND.data, 0, stream, new Array(16_000).fill(0))
        : framed(KIND.data, 0, stream, [0, 0xff, 0xff, 0xff, 0xff]),
  },
  "pings without end": {
    said: /too many acknowledgements/,
    answer: () => Buffer.concat(new Array(4_000).fill(framed(KIND.ping, 0, 0, new Array(8).fill(0)))),
  },
};

for (const [name, { answer, said }] of Object.entries(PEERS)) {
  alone("K220", `${name} from etcd's address is 11 in time`, async (world) => {
    await using server = await startPeer(answer);
    const etcdConfig = { etcdURL: `http://127.0.0.1:${server.port}`, requestTimeout: "2s" };
    const net = world.network({ subnet: "10.1.2.0/24", etcdConfig });
    world.refusal(await world.run("ADD", net, {}, { limit: LIMIT }), { code: 11, text: said });
  });
}

/** Speaks HTTP/2, and says on each request what `answer` says, as fast as it is taken, until that says nothing. */
async function startPeer(answer: (stream: number, turn: number) => Buffer | undefined) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    socket.write(framed(KIND.settings, 0, 0, []));
    const cutter = new FrameCutter();
    let toSkip = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".length;
    socket.on("data", (bytes: Buffer) => {
      const rest = bytes.subarray(toSkip);
      toSkip = Math.max(0, toSkip - bytes.length);
      for (const { flags, kind, stream } of cutter.cut(rest))
        if (kind === KIND.data && flags & FLAG.endStream) speak(socket, stream, 0);
    });
  });
  const speak = (socket: Socket, stream: number, from: number) => {
    for (let turn = from; ; turn += 1) {
      const bytes = socket.writable ? answer(stream, turn) : undefined;
      if (bytes === undefined) return;
      if (!socket.write(bytes)) return void socket.once("drain", () => speak(socket, stream, turn + 1));
    }
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
