import { afterAll, expect, test } from "bun:test";
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

/** How a connection to a server with such a certificate ends, and what of ours it heard. */
async function greeted(host: string, wish: Partial<CertificateWish>, trusted = authority) {
  const { certFile, keyFile } = await authority.issue({ name: "server", ...wish });
  let heard = "";
  using server = Bun.listen({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert: text(certFile), key: text(keyFile) },
    socket: {
      data: (socket, bytes) => {
        heard += bytes;
        socket.write(Buffer.from("welcome"));
      },
    },
  });
  const tls = { files: {}, stamp: "", ca: text(trusted.caFile) };
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
  return { said, heard };
}

test.each([
  ["127.0.0.1", { hosts: ["127.0.0.1"] }],
  ["localhost", { hosts: ["localhost"] }],
])("%s is greeted by its own certificate", async (host, wish) => {
  expect(await greeted(host, wish)).toEqual({ said: "welcome", heard: "hello" });
});

test.each([
  ["127.0.0.1", { hosts: ["localhost"] }, "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["localhost", { hosts: ["127.0.0.1"] }, "ERR_TLS_CERT_ALTNAME_INVALID"],
  ["127.0.0.1", { hosts: ["127.0.0.1"], fromDay: -9, untilDay: -2 }, "CERT_HAS_EXPIRED"],
  ["localhost", { hosts: ["localhost"], fromDay: -9, untilDay: -2 }, "CERT_HAS_EXPIRED"],
])("%s with the certificate %p is told nothing", async (host, wish, said) => {
  expect(await greeted(host, wish)).toEqual({ said, heard: "" });
});

test.each(["127.0.0.1", "localhost"])("%s of a strange authority is told nothing", async (host) => {
  const { said, heard } = await greeted(host, { hosts: ["127.0.0.1", "localhost"] }, stranger);
  expect(said).toMatch(/UNABLE_TO_(VERIFY|GET_ISSUER)/);
  expect(heard).toBe("");
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
