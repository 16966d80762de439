import { expect, test } from "bun:test";
import { Api } from "../api/api.ts";
import { loadCredentials } from "../credentials/credentials.ts";
import { startFakeApi } from "../testing/fake-api.ts";
import { recordEvent } from "./events.ts";

test("M50: nothing is hidden in an Event, and Kubernetes does not refuse it for its length", async () => {
  const fake = startFakeApi();
  try {
    const bodies: string[] = [];
    fake.answers.set("/api/v1/namespaces/default/events", async (request) => {
      bodies.push(await request.text());
      return Response.json({});
    });
    const api = new Api(loadCredentials({ kubeConfig: fake.kubeConfig() }));
    const concerned = { kind: "Pod", namespace: "default", name: "p" } as const;
    const message = `'x\u001b[2J\u202e${"🙂".repeat(2_000)}'`;
    const happening = { concerned, type: "Warning", reason: "R", message, component: "c" } as const;
    await recordEvent(api, happening, performance.now() + 10_000);
    const told: string = JSON.parse(bodies[0] ?? "").message;
    expect(told).toStartWith("'x\\u001b[2J\\u202e🙂");
    expect(told.length).toBeLessThanOrEqual(1024);
    expect(told.isWellFormed()).toBe(true);
  } finally {
    fake.close();
  }
});
