import { expect, test } from "bun:test";
import type { TLSSocket } from "node:tls";
import type { Api } from "../../kubernetes/api/api.ts";
import { FrontProxy } from "./front-proxy.ts";

const PUBLISHED = {
  "requestheader-client-ca-file": "PEM",
  "requestheader-allowed-names": '["front-proxy"]',
  "requestheader-username-headers": '["X-Remote-User"]',
};

async function proxy(data: Record<string, string>): Promise<FrontProxy> {
  const made = new FrontProxy({ getBuiltIn: async () => ({ data }) } as unknown as Api);
  await made.refresh(0);
  return made;
}

function socket(authorized: boolean, CN?: string): TLSSocket {
  return { authorized, getPeerCertificate: () => (CN ? { subject: { CN } } : {}) } as unknown as TLSSocket;
}

const HEADERS = new Headers({ "X-Remote-User": "jane" });

test("only a certificate of the front proxy's authority with an allowed name speaks for others", async () => {
  const known = await proxy(PUBLISHED);
  expect(known.userOf(socket(true, "front-proxy"), HEADERS)).toBe("jane");
  expect(known.userOf(socket(true, "jane"), HEADERS)).toBeUndefined();
  expect(known.userOf(socket(true), HEADERS)).toBeUndefined();
  expect(known.userOf(socket(false, "front-proxy"), HEADERS)).toBeUndefined();
  expect(known.userOf(socket(true, "front-proxy"), new Headers())).toBeUndefined();
});

test("without names every name of that authority counts, as Kubernetes has it", async () => {
  const { "requestheader-allowed-names": _names, ...rest } = PUBLISHED;
  expect((await proxy(rest)).userOf(socket(true, "any"), HEADERS)).toBe("jane");
  const none = await proxy({ ...rest, "requestheader-allowed-names": "{}" });
  expect(none.userOf(socket(true, "any"), HEADERS)).toBeUndefined();
});

test("before anything is published, or when it is taken back, nobody is believed", async () => {
  const unread = new FrontProxy({} as Api);
  expect(unread.userOf(socket(true, "front-proxy"), HEADERS)).toBeUndefined();
  expect((await proxy({})).userOf(socket(true, "front-proxy"), HEADERS)).toBeUndefined();
});
