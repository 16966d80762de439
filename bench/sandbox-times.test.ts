import { expect, test } from "bun:test";
import { sandboxTimes } from "./sandbox-times.ts";

const LOG = [
  'time="2026-01-31T12:00:00.100000000Z" level=info msg="RunPodSandbox for &PodSandboxMetadata{Name:a-0,Uid:u0,Namespace:default,Attempt:0,}"',
  'time="2026-01-31T12:00:00.200000000Z" level=info msg="RunPodSandbox for &PodSandboxMetadata{Name:b-0,Uid:u1,Namespace:default,Attempt:0,}"',
  'time="2026-01-31T12:00:00.350000000Z" level=info msg="RunPodSandbox for &PodSandboxMetadata{Name:a-0,Uid:u0,Namespace:default,Attempt:0,} returns sandbox id \\"x\\""',
  'time="2026-01-31T12:00:00.900000000Z" level=info msg="RunPodSandbox for &PodSandboxMetadata{Name:b-0,Uid:u1,Namespace:default,Attempt:0,} returns sandbox id \\"y\\""',
].join("\n");

test("each pod of the name's beginning counts from request to answer", () => {
  expect(sandboxTimes(LOG, "a-")).toEqual([250]);
  expect(sandboxTimes(LOG, "")).toEqual([250, 700]);
});
