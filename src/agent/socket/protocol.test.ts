import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  RECORDED_ACKNOWLEDGEMENT,
  RECORDED_ANSWER,
  RECORDED_REQUEST,
} from "../../../test/kit/recorded-frames.ts";
import {
  ACKNOWLEDGEMENT,
  answerFrame,
  FRAME,
  type Frame,
  FrameReader,
  ProtocolError,
  readAnswer,
  readRequest,
  requestFrame,
  UNPRINTED,
  WORKING,
} from "./protocol.ts";

function framesOf(chunks: readonly Uint8Array[]): Frame[] {
  const reader = new FrameReader();
  return chunks.flatMap((chunk) => [...reader.push(chunk)]);
}

/** The bytes in pieces of these sizes, and the rest. */
function inPieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...pieces, bytes.subarray(at)];
}

const text = fc.string({ unit: "binary" }).map((value) => value.replaceAll("\0", ""));

describe("frames of the shim and the agent", () => {
  test("a request comes through whole, however the bytes arrive", () => {
    fc.assert(
      fc.property(text, fc.string(), fc.array(fc.nat({ max: 40 })), (stdin, container, sizes) => {
        const env = { CNI_COMMAND: "ADD", CNI_CONTAINERID: container.replaceAll("\0", "") };
        const [only, ...more] = framesOf(inPieces(requestFrame({ env, stdin }), sizes));
        expect(more).toEqual([]);
        expect(only?.kind).toBe(FRAME.request);
        expect(readRequest(only?.body ?? new Uint8Array())).toEqual({ env, stdin });
      }),
    );
  });

  test("of the environment only what CNI and the deadline need is taken", () => {
    const [frame] = framesOf([
      requestFrame({ env: { PATH: "/evil", CNI_IFNAME: "eth0", KUBE_IPAM_DEADLINE_MS: "9" }, stdin: "" }),
    ]);
    expect(readRequest(frame?.body ?? new Uint8Array()).env).toEqual({
      CNI_IFNAME: "eth0",
      KUBE_IPAM_DEADLINE_MS: "9",
    });
  });

  test("an answer comes through whole, with what follows it", () => {
    fc.assert(
      fc.property(text, fc.nat({ max: 255 }), (stdout, exitCode) => {
        const frames = framesOf([WORKING, answerFrame({ stdout, exitCode }), ACKNOWLEDGEMENT, UNPRINTED]);
        expect(frames.map(({ kind }) => kind)).toEqual([
          FRAME.working,
          FRAME.answer,
          FRAME.acknowledgement,
          FRAME.unprinted,
        ]);
        expect(readAnswer(frames[1]?.body ?? new Uint8Array())).toEqual({ stdout, exitCode });
      }),
    );
  });

  test("any bytes at all are frames, more to come, or a ProtocolError", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (chunks) => {
        try {
          for (const { body } of framesOf(chunks)) {
            readRequest(body);
            readAnswer(body);
          }
        } catch (failure) {
          expect(failure).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("what the first shim and agent said", () => {
  test("is a request to the agent of today", () => {
    const [request] = framesOf([RECORDED_REQUEST]);
    expect(request?.kind).toBe(FRAME.request);
    expect(readRequest(request?.body ?? new Uint8Array())).toEqual({
      env: {
        CNI_COMMAND: "DEL",
        CNI_CONTAINERID: "c1",
        CNI_IFNAME: "eth0",
        CNI_NETNS: "/run/netns/x",
        CNI_PATH: "/opt/cni/bin",
        CNI_ARGS: "",
        KUBE_IPAM_DEADLINE_MS: "5000",
      },
      stdin: '{"cniVersion":"1.0.0","name":"net1","ipam":{"type":"kube-ipam","subnet":"10.1.2.0/24"}}',
    });
  });

  test("is what the agent of today says to a shim of then", () => {
    const today = Buffer.concat([WORKING, WORKING, answerFrame({ stdout: "hello", exitCode: 3 })]);
    expect([...today]).toEqual([...RECORDED_ANSWER]);
    expect([...ACKNOWLEDGEMENT]).toEqual([...RECORDED_ACKNOWLEDGEMENT]);
  });
});
