import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { type AgentRequest, answerFrame, FRAME, WORKING } from "../../src/agent/socket/protocol.ts";
import { environment, refused } from "../kit/cni.ts";
import { RECORDED_ANSWER } from "../kit/recorded-frames.ts";
import { type Finished, run } from "../kit/run.ts";
import { CONFIGURATION, makeField } from "../kit/shim-field.ts";

/**
 * The shim against an agent that misbehaves in every way we could think of. The complete plugin is
 * played by a script that tells what it was given; the shim is built with AddressSanitizer, which
 * ends it with words on stderr at the first wrong access.
 */

test("without an agent the complete plugin gets stdin and what is left of the deadline", async () => {
  await using field = await makeField();
  expectFellBack(await field.run(), "ADD", 39_000, 40_000);
});

test("a shorter deadline given by a caller is passed on", async () => {
  await using field = await makeField();
  expectFellBack(await field.run({ KUBE_IPAM_DEADLINE_MS: "700" }), "ADD", 100, 700);
});

test("an agent that was killed leaves a socket, and the complete plugin answers", async () => {
  await using field = await makeField();
  field.serve(() => undefined);
  field.keepSocketAndStop();
  expectFellBack(await field.run(), "ADD", 39_000, 40_000);
});

test("the answer is printed, the exit code passed on, the answer acknowledged", async () => {
  await using field = await makeField();
  const frames = field.serve((socket, request) => {
    socket.write(WORKING);
    socket.write(answerFrame({ stdout: `asked ${request.stdin}`, exitCode: 3 }));
  });
  const finished = await field.run();
  expect([finished.stdout, finished.stderr, finished.exitCode]).toEqual([`asked ${CONFIGURATION}`, "", 3]);
  await Bun.sleep(20);
  expect(frames).toEqual([FRAME.request, FRAME.acknowledgement]);
});

test("nothing of the environment but CNI_* and the deadline reaches the agent", async () => {
  await using field = await makeField();
  let seen: AgentRequest | undefined;
  field.serve((socket, request) => {
    seen = request;
    socket.write(answerFrame({ stdout: "", exitCode: 0 }));
  });
  await field.run({ SECRET: "x", CNI_ARGS: "IgnoreUnknown=1;A=é", CNIX: "y" });
  const { KUBE_IPAM_DEADLINE_MS: left, ...rest } = seen?.env ?? {};
  expect(rest).toEqual(environment("ADD", { container: "c1", ifname: "eth0", args: "IgnoreUnknown=1;A=é" }));
  expect(Number(left)).toBeWithin(39_000, 40_001);
});

const ANSWER = answerFrame({ stdout: "half of this", exitCode: 0 });

for (let cut = 0; cut < ANSWER.length; cut += 1) {
  test(`an answer that ends after ${cut} of its ${ANSWER.length} bytes is no answer`, async () => {
    await using field = await makeField();
    field.serve((socket) => {
      socket.write(ANSWER.subarray(0, cut));
      socket.end();
    });
    expectFellBack(await field.run(), "ADD", 39_000, 40_000);
  });
}

const GARBAGE: Readonly<Record<string, Uint8Array>> = {
  "another version": Uint8Array.of(2, 2, 0, 0, 0, 0),
  HTTP: new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"),
  "a frame longer than any": Uint8Array.of(1, 2, 255, 255, 255, 255, 0),
  "a field longer than its frame": Uint8Array.of(1, 2, 0, 0, 0, 6, 3, 0, 0, 0, 9, 65),
  "a field without its header": Uint8Array.of(1, 2, 0, 0, 0, 2, 3, 0),
  "an answer without an exit code": Uint8Array.of(1, 2, 0, 0, 0, 6, 3, 0, 0, 0, 1, 65),
  "an exit code of two bytes": Uint8Array.of(1, 2, 0, 0, 0, 7, 4, 0, 0, 0, 2, 0, 0),
};

for (const [kind, bytes] of Object.entries(GARBAGE)) {
  test(`an agent that sends ${kind} is no agent`, async () => {
    await using field = await makeField();
    field.serve((socket) => {
      socket.write(bytes);
    });
    expectFellBack(await field.run(), "ADD", 37_000, 40_000);
  });
}

test("random bytes never crash the shim", async () => {
  await using field = await makeField();
  field.serve((socket) => {
    const bytes = crypto.getRandomValues(new Uint8Array(1 + Math.floor(Math.random() * 60)));
    if (Math.random() < 0.7) bytes.set([1, 2, 0, 0, 0, bytes.length - 6].slice(0, bytes.length));
    socket.write(bytes);
    socket.end();
  });
  for (let round = 0; round < 100; round += 1) {
    const finished = await field.run();
    expect([finished.stderr, finished.signal]).toEqual(["", null]);
  }
}, 30_000);

test("frames and fields of a later version are passed over", async () => {
  await using field = await makeField();
  field.serve((socket) => {
    socket.write(Uint8Array.of(1, 77, 0, 0, 0, 3, 1, 2, 3));
    socket.write(Uint8Array.of(1, 2, 0, 0, 0, 18, 99, 0, 0, 0, 1, 7, 3, 0, 0, 0, 1, 65, 4, 0, 0, 0, 1, 0));
  });
  const finished = await field.run();
  expect([finished.stdout, finished.exitCode]).toEqual(["A", 0]);
});

test("what an agent of the first version answered is understood, byte by byte", async () => {
  await using field = await makeField();
  field.serve((socket) => {
    for (const byte of RECORDED_ANSWER) socket.write(Uint8Array.of(byte));
  });
  const finished = await field.run();
  expect([finished.stdout, finished.stderr, finished.exitCode]).toEqual(["hello", "", 3]);
});

test("an agent that hangs is left after two seconds, and the deadline is shorter by that", async () => {
  await using field = await makeField();
  field.serve(() => undefined);
  expectFellBack(await field.run(), "ADD", 37_000, 38_100);
});

test("an agent that hangs leaves STATUS most of its two seconds", async () => {
  await using field = await makeField();
  field.serve(() => undefined);
  expectFellBack(await field.run({ CNI_COMMAND: "STATUS" }), "STATUS", 1_000, 1_400);
});

test("an agent that hangs past a short deadline is error 11", async () => {
  await using field = await makeField();
  field.serve(() => undefined);
  const finished = await field.run({ KUBE_IPAM_DEADLINE_MS: "300" });
  expect(refused(finished).msg).toBe("the agent of kube-ipam did not answer in time");
});

test("an agent that goes on working past the deadline is error 11", async () => {
  await using field = await makeField();
  field.serve((socket) => {
    const timer = setInterval(() => socket.write(WORKING) < 0 && clearInterval(timer), 100);
    setTimeout(() => clearInterval(timer), 4_000);
  });
  const finished = await field.run({ KUBE_IPAM_DEADLINE_MS: "300" });
  expect(refused(finished)).toEqual({
    cniVersion: "0.4.0",
    code: 11,
    msg: "the agent of kube-ipam did not answer in time",
    details: "it undoes or keeps what it was doing; try again",
  });
});

for (const [how, env, file] of [
  ["by a file", {}, "none\n"],
  ["by the environment", { KUBE_IPAM_FALLBACK: "none" }, undefined],
] as const) {
  test(`fallback none, ${how}, is error 11`, async () => {
    await using field = await makeField();
    if (file !== undefined) writeFileSync(field.folder.file("bin", "kube-ipam.fallback"), file);
    expect(refused(await field.run(env))).toEqual({
      cniVersion: "0.4.0",
      code: 11,
      msg: "the agent of kube-ipam does not answer",
      details: "this node has no complete plugin to fall back to; check that the agent runs",
    });
  });
}

test("neither agent nor complete plugin is error 11", async () => {
  await using field = await makeField();
  expect(refused(await field.run({ KUBE_IPAM_FULL: field.folder.file("absent") })).code).toBe(11);
});

test("VERSION is answered although its stdin never ends", async () => {
  await using field = await makeField();
  field.serve((socket) => {
    socket.write(answerFrame({ stdout: "{}", exitCode: 0 }));
  });
  const finished = await run([field.executable], {
    env: { ...field.env, CNI_COMMAND: "VERSION" },
    stdin: "never-ends",
    limit: 5_000,
  });
  expect([finished.stdout, finished.exitCode]).toEqual(["{}", 0]);
});

test.each([
  ["ADD", '{"name": "}", "list": [{}]}', "{}"],
  ["STATUS", '{"name": "}"', "did not end in time"],
])("%s does not wait for the end of %s", async (verb, unended, answer) => {
  await using field = await makeField();
  field.serve((socket, request) => {
    expect(request.stdin).toBe(unended);
    socket.write(answerFrame({ stdout: "{}", exitCode: 0 }));
  });
  const env = { ...field.env, CNI_COMMAND: verb };
  const finished = await run([field.executable], { env, stdin: { unended }, limit: 30_000 });
  expect(finished.stdout).toContain(answer);
});

test("a request larger than any goes to the complete plugin", async () => {
  await using field = await makeField();
  field.serve((socket) => {
    socket.write(answerFrame({ stdout: "", exitCode: 0 }));
  });
  const large = `"${"x".repeat(5 << 20)}"`;
  const finished = await run([field.executable], { env: field.env, stdin: large });
  expect(finished.stdout.length).toBeGreaterThan(5 << 20);
});

function expectFellBack(finished: Finished, verb: string, least: number, most: number): void {
  const [, full, command, left, stdin] = /^(full) (\w+) (\d+) (.*)$/s.exec(finished.stdout) ?? [];
  expect([full, command, stdin, finished.stderr, finished.exitCode]).toEqual([
    "full",
    verb,
    CONFIGURATION,
    "",
    0,
  ]);
  expect(Number(left)).toBeWithin(least, most + 1);
}
