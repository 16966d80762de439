import { describe, expect, test } from "bun:test";
import { CODE, type Frame, FrameCutter, head, KIND, numbers } from "./frames.ts";
import { STREAM_WINDOW } from "./live-stream.ts";
import { Session } from "./session.ts";
import type { Ending, Stream } from "./stream.ts";

/** A session with a server that says frame by frame what it is told to say. */
function opened() {
  const sent: Frame[] = [];
  const lost: string[] = [];
  const cutter = new FrameCutter();
  const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".length;
  let isFirst = true;
  const output = {
    isEmpty: true,
    write: (...parts: readonly Uint8Array[]) => {
      const bytes = Buffer.concat(parts);
      sent.push(...cutter.cut(isFirst ? bytes.subarray(preface) : bytes));
      isFirst = false;
    },
    close: () => undefined,
  };
  const session = new Session(output, { ready: () => undefined, lost: (reason) => lost.push(reason) });
  const endings: (Ending | undefined)[] = [];
  const request = (bytes = 0, lasting = false): Stream => {
    const at = endings.push(undefined) - 1;
    const stream = session.request(
      { ":path": "/" },
      {
        headers: () => undefined,
        data: () => undefined,
        end: (ending) => {
          endings[at] = ending;
        },
      },
      lasting,
    );
    stream.write(new Uint8Array(bytes), true);
    return stream;
  };
  const settings = (...pairs: readonly (readonly [number, number])[]) => {
    const payload = Buffer.concat(
      pairs.map(([setting, value]) => {
        const bytes = Buffer.alloc(6);
        bytes.writeUInt16BE(setting);
        bytes.writeUInt32BE(value, 2);
        return bytes;
      }),
    );
    session.receive(Buffer.concat([head(KIND.settings, 0, 0, payload.length), payload]));
  };
  const bytesOf = (stream: number) =>
    sent
      .filter((frame) => frame.kind === KIND.data && frame.stream === stream)
      .reduce((sum, { payload }) => sum + payload.length, 0);
  return { session, output, sent, lost, endings, request, settings, bytesOf };
}

describe("K215: a session", () => {
  test("tells a stream that the server refused from one that it ended", () => {
    const { session, endings, request, settings } = opened();
    settings();
    request();
    request();
    session.receive(numbers(KIND.reset, 1, CODE.refused));
    session.receive(numbers(KIND.reset, 3, 2));
    expect(endings).toEqual([{ resetCode: CODE.refused }, { resetCode: 2 }]);
    expect(session.usable).toBe(true);
  });

  test.each([
    [1, [false, false, false], [true]],
    [4, [true, true, false], [true, true]],
    [5, [true, true, false], [true, true, true]],
  ])("of %i streams leaves half to what has an end", (most, watches, calls) => {
    const { request, settings } = opened();
    settings([3, most]);
    const lasting = watches.map(() => request(0, true));
    const others = calls.map(() => request());
    expect(lasting.map(({ begun }) => begun)).toEqual(watches);
    expect(others.map(({ begun }) => begun)).toEqual(calls);
    expect(request().begun).toBe(false);
  });

  test("begins a watch that waited when another one has ended", () => {
    const { request, settings } = opened();
    settings([3, 3]);
    const [first, second] = [request(0, true), request(0, true)];
    const other = request();
    expect([second.begun, other.begun]).toEqual([false, true]);
    first.cancel();
    expect(second.begun).toBe(true);
  });

  test("whose server goes away ends at once what the server has not begun, and is over with the rest", () => {
    const { session, endings, lost, request, settings } = opened();
    settings([3, 2]);
    request();
    request();
    request();
    session.receive(numbers(KIND.goAway, 0, 1, 0));
    expect(session.usable).toBe(false);
    expect(endings).toEqual([undefined, { resetCode: CODE.refused }, { resetCode: CODE.refused }]);
    expect(lost).toEqual([]);
    session.receive(head(KIND.data, 1, 1, 0));
    expect(endings[0]).toEqual({});
    expect(lost).toHaveLength(1);
  });

  test("sends what the windows of stream and connection let through, and the rest later", () => {
    const { session, request, settings, bytesOf } = opened();
    settings([4, 40_000]);
    request(50_000);
    request(50_000);
    expect([bytesOf(1), bytesOf(3)]).toEqual([40_000, 25_535]);
    session.receive(numbers(KIND.window, 0, 100_000));
    expect([bytesOf(1), bytesOf(3)]).toEqual([40_000, 40_000]);
    session.receive(numbers(KIND.window, 1, 5_000));
    settings([4, 41_000]);
    expect([bytesOf(1), bytesOf(3)]).toEqual([46_000, 41_000]);
    settings([4, 10]);
    session.receive(numbers(KIND.window, 1, 40_000));
    expect([bytesOf(1), bytesOf(3)]).toEqual([46_000, 41_000]);
    settings([4, 65_535]);
    expect([bytesOf(1), bytesOf(3)]).toEqual([50_000, 50_000]);
  });

  test("lets others begin where one that waited is given up, which was not sent", () => {
    const { endings, request, sent, settings } = opened();
    settings([3, 1]);
    request();
    const second = request();
    request();
    second.cancel();
    expect(endings).toEqual([undefined, { resetCode: CODE.refused }, undefined]);
    expect(sent.filter(({ kind }) => kind === KIND.headers)).toHaveLength(1);
  });

  test("that is lost ends everything: what is under way as lost, what waits as never sent", () => {
    const { endings, request, session, settings } = opened();
    settings([3, 1]);
    request();
    request();
    session.lose("gone");
    expect(endings).toEqual([{ lost: "gone" }, { resetCode: CODE.refused }]);
  });

  test.each([
    ["another protocol", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["a frame before the settings", numbers(KIND.window, 0, 1)],
    ["settings that break off", Buffer.concat([head(KIND.settings, 0, 0, 5), new Uint8Array(5)])],
    ["a reset without a code", Buffer.concat([head(KIND.settings, 0, 0, 0), head(KIND.reset, 0, 1, 0)])],
    ["a ping of another size", Buffer.concat([head(KIND.settings, 0, 0, 0), head(KIND.ping, 0, 0, 0)])],
    ["headers that go on", Buffer.concat([head(KIND.settings, 0, 0, 0), head(KIND.continuation, 0, 1, 0)])],
  ])("%s from the server ends it", (_, bytes) => {
    const { session, endings, lost, request } = opened();
    request();
    session.receive(bytes);
    expect(lost).toHaveLength(1);
    expect(session.usable).toBe(false);
    expect(endings).toEqual([{ lost: lost[0] ?? "" }]);
  });

  test("headers without an end are not kept without end", () => {
    const { session, lost, settings } = opened();
    settings();
    session.receive(head(KIND.headers, 0, 1, 0));
    for (let turn = 0; turn < 300 && lost.length === 0; turn += 1)
      session.receive(head(KIND.continuation, 0, 1, 0));
    expect(lost).toHaveLength(1);
  });

  test.each(["ping", "settings"] as const)(
    "K220: a server that asks by %s without end, and does not take the answers, is left",
    (kind) => {
      const { lost, output, sent, session, settings } = opened();
      settings();
      const asked = Buffer.concat([
        head(KIND[kind], 0, 0, kind === "ping" ? 8 : 0),
        new Uint8Array(kind === "ping" ? 8 : 0),
      ]);
      for (let turn = 0; turn < 20_000; turn += 1) session.receive(asked);
      expect(lost).toEqual([]);
      output.isEmpty = false;
      const before = sent.length;
      for (let turn = 0; turn < 20_000; turn += 1) session.receive(asked);
      expect(lost).toEqual(["the server asks for too many acknowledgements"]);
      expect(sent.length - before).toBeLessThanOrEqual(1_000);
    },
  );

  test("K220: a server that sends more than it may is left; what was consumed it may send again", () => {
    const { lost, request, session, settings } = opened();
    settings();
    const stream = request();
    const piece = Buffer.concat([head(KIND.data, 0, 1, 16_384), new Uint8Array(16_384)]);
    const send = (bytes: number) => {
      for (let sent = 0; sent < bytes; sent += piece.length - 9) session.receive(piece);
    };
    send(STREAM_WINDOW);
    stream.consumed(STREAM_WINDOW);
    send(STREAM_WINDOW);
    expect(lost).toEqual([]);
    session.receive(piece);
    expect(lost).toEqual(["the server sends more than it may"]);
  });
});
