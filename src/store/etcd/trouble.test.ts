import { describe, expect, test } from "bun:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { NotSent } from "./http2-client.ts";
import { troubleOf } from "./trouble.ts";

describe("what etcd says", () => {
  test.each([
    [Code.ResourceExhausted, "etcdserver: mvcc: database space exceeded", "no-space", false],
    [Code.ResourceExhausted, "etcdserver: too many requests", "busy", false],
    [Code.DataLoss, "etcdserver: corrupt cluster", "corrupt", false],
    [Code.NotFound, "etcdserver: requested lease not found", "lease", false],
    [Code.OutOfRange, "etcdserver: mvcc: required revision has been compacted", "compacted", false],
    [Code.OutOfRange, "etcdserver: mvcc: required revision is a future revision", "invalid", false],
    [Code.Unauthenticated, "etcdserver: invalid auth token", "token", false],
    [Code.InvalidArgument, "etcdserver: revision of auth store is old", "token", false],
    [
      Code.InvalidArgument,
      "etcdserver: authentication failed, invalid user ID or password",
      "password",
      false,
    ],
    [Code.InvalidArgument, "etcdserver: user name is empty", "no-user", false],
    [Code.InvalidArgument, "etcdserver: too many operations in txn request", "invalid", false],
    [Code.PermissionDenied, "etcdserver: permission denied", "permission", false],
    [Code.Unimplemented, "unknown service etcdserverpb.KV", "invalid", false],
    [Code.Unavailable, "etcdserver: no leader", "unreachable", false],
    [Code.Unavailable, "etcdserver: leader changed", "unreachable", true],
    [Code.Unavailable, "etcdserver: request timed out", "unreachable", true],
    [
      Code.Unavailable,
      "etcdserver: request timed out, possibly due to previous leader failure",
      "unreachable",
      true,
    ],
    [Code.Unavailable, "etcdserver: server stopped", "unreachable", true],
    [Code.DeadlineExceeded, "the operation timed out", "unreachable", true],
    [Code.Canceled, "the operation was aborted", "unreachable", true],
    [Code.Unknown, "raft proposal dropped", "unreachable", false],
    [Code.Unknown, "something new", "unreachable", true],
  ] as const)("code %p, %p is %p", (code, text, kind, mayHaveHappened) => {
    expect(troubleOf(new ConnectError(text, code))).toMatchObject({ kind, mayHaveHappened });
  });

  test("a lost connection may have carried the request, a closed one has not", () => {
    expect(troubleOf(new Error("the connection was lost"))).toEqual({
      kind: "unreachable",
      reason: "the connection was lost",
      mayHaveHappened: true,
    });
    expect(troubleOf(new NotSent("the connection is closed"))).toEqual({
      kind: "unreachable",
      reason: "the connection is closed",
      mayHaveHappened: false,
    });
  });

  test("no reason contains the words that containerd takes for a DEL's success", () => {
    const { reason } = troubleOf(
      new ConnectError("etcdserver: role name not found", Code.FailedPrecondition),
    );
    expect(reason).toBe("role name missing");
  });

  test("reasons do not repeat etcd's own prefix", () => {
    const { reason } = troubleOf(
      new ConnectError("etcdserver: mvcc: database space exceeded", Code.ResourceExhausted),
    );
    expect(reason).toBe("database space exceeded");
  });
});
