import { describe, expect, test } from "bun:test";
import { CODE } from "../http2/frames.ts";
import { answerHeaders, statusOf } from "./grpc-status.ts";

const OK = { ":status": "200", "grpc-status": "0" };

describe("the end of a call", () => {
  test("is good with status 0, whatever happened to the stream then", () => {
    expect(statusOf(OK, CODE.cancel, "lost")).toBeUndefined();
  });

  test.each([
    [
      { "grpc-status": "8", "grpc-message": "etcdserver: mvcc: database%20space exceeded" },
      0,
      "resource-exhausted",
      "etcdserver: mvcc: database space exceeded",
    ],
    [{ "grpc-status": "3", "grpc-message": "100%" }, 0, "invalid-argument", "100%"],
    [{ "grpc-status": "99" }, 0, "unknown", ""],
    [{}, CODE.refused, "not-sent", "the server refused the stream"],
    [{}, CODE.cancel, "broken", "lost"],
    [{ ":status": "200" }, 0, "broken", "lost"],
    [{ ":status": "404" }, 0, "unimplemented", "HTTP status 404 instead of gRPC"],
    [{ ":status": "503" }, 0, "unavailable", "HTTP status 503 instead of gRPC"],
  ])("%o after reset %p is %s", (headers, reset, code, message) => {
    expect(statusOf(headers, reset, "lost")).toMatchObject({ code, message });
  });
});

test("K220: of an answer's headers only those that say something are kept", () => {
  const said = { ":status": "200", "grpc-status": "8", "grpc-message": "no" };
  expect(answerHeaders({ ...said, server: "x", "grpc-status-details-bin": "y" })).toEqual(said);
  expect(answerHeaders({ server: "x" })).toEqual({});
});
