import { expect, test } from "bun:test";
import { AbsentError } from "../../command-line/failure.ts";
import { absent, statusOf } from "../../controller/api/status.ts";
import { IpamError } from "../../ipam/errors.ts";
import { StoreFailure } from "../../ipam/store-port.ts";
import type { Api } from "../../kubernetes/api/api.ts";
import { answered } from "./answered.ts";

const API = { server: "https://x" } as Api;

function failureOf(httpStatus: number, body: unknown): unknown {
  try {
    return answered({ ok: false, httpStatus, body: JSON.parse(JSON.stringify(body ?? null)) }, API);
  } catch (failure) {
    return failure;
  }
}

test("an error of the controller arrives as it was thrown", () => {
  const held = new IpamError("addressHeld", "held by another", "wait");
  const status = statusOf(held);
  expect(status.code).toBe(409);
  expect(failureOf(status.code, status)).toEqual(held);
  const store = failureOf(503, statusOf(new StoreFailure("unavailable", "away", "start it")));
  expect(store).toBeInstanceOf(StoreFailure);
  expect(store).toMatchObject({ message: "away", remedy: "start it" });
  expect(failureOf(404, absent("nothing here"))).toEqual(new AbsentError("nothing here"));
});

test("what Kubernetes itself answers is told with the way out", () => {
  const forbidden = { kind: "Status", message: "addresses is forbidden", reason: "Forbidden" };
  expect(failureOf(403, forbidden)).toMatchObject({
    name: "kubernetesRefused",
    message: "addresses is forbidden",
    details: expect.stringContaining("kube-ipam-view"),
  });
  expect(failureOf(401, undefined)).toMatchObject({ message: expect.stringContaining("(401)") });
  expect(
    failureOf(404, { kind: "Status", message: "the server could not find the requested resource" }),
  ).toMatchObject({
    message: "the cluster at https://x does not serve kube-ipam's API",
  });
  expect(failureOf(503, undefined)).toMatchObject({ name: "tryAgain" });
  expect(failureOf(500, undefined)).toMatchObject({ message: "the API server at https://x answered 500" });
});
