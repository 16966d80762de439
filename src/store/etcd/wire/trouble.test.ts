import { describe, expect, test } from "bun:test";
import { RpcError } from "./grpc-status.ts";
import { troubleOf } from "./trouble.ts";

describe("what etcd says", () => {
  test.each([
    ["resource-exhausted", "etcdserver: mvcc: database space exceeded", "no-space", false],
    ["resource-exhausted", "etcdserver: too many requests", "busy", false],
    ["invalid-argument", "etcdserver: request is too large", "too-large", false],
    [
      "resource-exhausted",
      "grpc: received message larger than max (2100000 vs. 2097152)",
      "too-large",
      false,
    ],
    ["resource-exhausted", "trying to send message larger than max (3 vs. 2)", "too-large", false],
    ["data-loss", "etcdserver: corrupt cluster", "corrupt", false],
    ["not-found", "etcdserver: requested lease not found", "lease", false],
    ["out-of-range", "etcdserver: mvcc: required revision has been compacted", "compacted", false],
    ["out-of-range", "etcdserver: mvcc: required revision is a future revision", "invalid", false],
    ["unauthenticated", "etcdserver: invalid auth token", "token", false],
    ["invalid-argument", "etcdserver: revision of auth store is old", "token", false],
    ["invalid-argument", "etcdserver: authentication failed, invalid user ID or password", "password", false],
    ["invalid-argument", "etcdserver: user name is empty", "no-user", false],
    ["invalid-argument", "etcdserver: too many operations in txn request", "invalid", false],
    ["permission-denied", "etcdserver: permission denied", "permission", false],
    ["unimplemented", "unknown service etcdserverpb.KV", "invalid", false],
    ["unavailable", "etcdserver: no leader", "unreachable", false],
    ["unavailable", "etcdserver: leader changed", "unreachable", true],
    ["unavailable", "etcdserver: request timed out", "unreachable", true],
    [
      "unavailable",
      "etcdserver: request timed out, possibly due to previous leader failure",
      "unreachable",
      true,
    ],
    ["unavailable", "etcdserver: server stopped", "unreachable", true],
    ["deadline-exceeded", "the operation timed out", "unreachable", true],
    ["canceled", "the operation was aborted", "unreachable", true],
    ["unknown", "raft proposal dropped", "unreachable", false],
    ["unknown", "something new", "unreachable", true],
  ] as const)("%s, %p is %p", (code, text, kind, mayHaveHappened) => {
    expect(troubleOf(new RpcError(code, text))).toMatchObject({
      kind,
      mayHaveHappened,
    });
  });

  test("a lost connection may have carried the request, a closed one has not", () => {
    expect(troubleOf(new RpcError("broken", "the connection was lost"))).toEqual({
      kind: "unreachable",
      reason: "the connection was lost",
      mayHaveHappened: true,
    });
    expect(troubleOf(new RpcError("not-sent", "the connection is closed"))).toEqual({
      kind: "unreachable",
      reason: "the connection is closed",
      mayHaveHappened: false,
    });
  });

  test("no reason contains the words that containerd takes for a DEL's success", () => {
    const { reason } = troubleOf(new RpcError("failed-precondition", "etcdserver: role name not found"));
    expect(reason).toBe("role name missing");
  });

  test("reasons do not repeat etcd's own prefix", () => {
    const { reason } = troubleOf(
      new RpcError("resource-exhausted", "etcdserver: mvcc: database space exceeded"),
    );
    expect(reason).toBe("database space exceeded");
  });
});
