import { afterAll, expect, mock, test } from "bun:test";
import { constants } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CertificateWish, makeAuthority } from "../../../../test/kit/certificates.ts";
import { openSocket } from "./socket.ts";

const folder = mkdtempSync(join(tmpdir(), "kube-ipam-socket-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const text = (path: string) => readFileSync(path, "utf8");

const authority = await makeAuthority(folder, "ca");
const stranger = await makeAuthority(folder, "other");

/** How a connection to a server with such a certificate ends, and what it heard of us: data, and our certificate. */
async function greeted(host: string, wish: Partial<CertificateWish>, trusted = authority) {
  const { certFile, keyFile } = await authority.issue({ name: "server", ...wish });
  const client = await authority.issue({ name: "client" });
  let heard = "";
  let isShaken = false;
  const secureOptions = constants.SSL_OP_NO_TLSv1_3;
  using server = Bun.listen({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert: text(certFile), key: text(keyFile), secureOptions },
    socket: {
      // With TLS 1.2 it ends only after a client has said who it is, before it hears of the server's last word.
      handshake: (_, isDone) => {
        isShaken ||= isDone;
      },
      data: (socket, bytes) => {
        heard += bytes;
        socket.write(Buffer.from("welcome"));
      },
    },
  });
  const own = { cert: text(client.certFile), key: text(client.keyFile) };
  const tls = { files: {}, stamp: "", ca: text(trusted.caFile), ...own };
  const said = await new Promise<string>((resolve) => {
    const close = openSocket(`https://${host}:${server.port}`, tls, {
      opened: (output) => output.write(Buffer.from("hello")),
      data: (bytes) => {
        resolve(Buffer.from(bytes).toString());
        close();
      },
      closed: (error) => resolve(String((error as NodeJS.ErrnoException | undefined)?.code)),
    });
  });
  return { said, heard, isShaken };
}

test.each([
  ["127.0.0.1", { hosts: ["127.0.0.1"] }],
  ["localhost", { hosts: ["localhost"] }],
])("%s is greeted by its own certificate", async (host, wish) => {
  expect(await greeted(host, wish)).toEqual({ said: "welcome", heard: "hello", isShaken: true });
});

test.each([
  ["127.0.0.1", { hosts: ["localhost"] }, "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["localhost", { hosts: ["127.0.0.1"] }, "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["127.0.0.1", { hosts: ["127.0.0.1"], fromDay: -9, untilDay: -2 }, "CERT_HAS_EXPIRED"],
  ["localhost", { hosts: ["localhost"], fromDay: -9, untilDay: -2 }, "CERT_HAS_EXPIRED"],
])(
  "K221: %s with the certificate %p is told nothing, nor shown our certificate",
  async (host, wish, said) => {
    expect(await greeted(host, wish)).toEqual({ said, heard: "", isShaken: false });
  },
);

test.each(["127.0.0.1", "localhost"])(
  "K221: %s of a strange authority is told nothing, nor shown our certificate",
  async (host) => {
    const strange = { hosts: ["127.0.0.1", "localhost"] };
    const { said, heard, isShaken } = await greeted(host, strange, stranger);
    expect(said).toMatch(/UNABLE_TO_(VERIFY|GET_ISSUER)/);
    expect(heard).toBe("");
    expect(isShaken).toBe(false);
  },
);

test("K221: a name that Go takes for one of the certificate's, and Bun does not, is greeted", async () => {
  const real = { ...(await import("node:dns/promises")) };
  mock.module("node:dns/promises", () => ({ ...real, lookup: async () => [{ address: "127.0.0.1" }] }));
  const greeting = { said: "welcome", heard: "hello", isShaken: true };
  expect(await greeted("m1.internal", { hosts: ["*.internal"] })).toEqual(greeting);
  const strange = await greeted("m1.internal", { hosts: ["*.internal"] }, stranger);
  expect(strange).toMatchObject({ heard: "", isShaken: false });
  mock.module("node:dns/promises", () => real);
});

test("the first failure is told where no address of a name answers", async () => {
  const code = await new Promise((resolve) => {
    openSocket("http://localhost:1", undefined, {
      opened: () => resolve("opened"),
      data: () => undefined,
      closed: (error) => resolve((error as NodeJS.ErrnoException | undefined)?.code),
    });
  });
  expect(code).toBe("ECONNREFUSED");
});
