import { addressOfHost, withoutBrackets } from "../../../address/url-host.ts";
import { AS_GO, trusting } from "../../../tls/as-go.ts";
import { handshakeFault } from "../../../tls/identity.ts";
import type { Output } from "../http2/session.ts";
import { attempt } from "./attempts.ts";
import { SocketOutput } from "./socket-output.ts";
import type { TlsMaterial } from "./tls-files.ts";

/** What is told of a socket. */
export interface Ears {
  /** It is connected, and the server is who it must be. */
  opened(output: Output): void;
  data(bytes: Uint8Array): void;
  /** Once, also where it was never opened; undefined: the other side has closed it. Nothing after it. */
  closed(error: Error | undefined): void;
}

/** Milliseconds after which the next address of a name is tried as well. */
const NEXT_ADDRESS_MS = 250;

/**
 * Connects to an endpoint by TCP and, with `tls`, TLS, as strictly as each connection. `node:net` and `node:tls` would do
 * the same; to load them takes longer than the rest of a connection.
 *
 * @returns what closes it, also while it is not open yet.
 */
export function openSocket(endpoint: string, tls: TlsMaterial | undefined, ears: Ears): () => void {
  const { hostname, port } = new URL(endpoint);
  const host = withoutBrackets(hostname);
  let socket: Bun.Socket<undefined> | undefined;
  let output: SocketOutput | undefined;
  let isStrict = true;
  let isOver = false;
  const end = (error: Error | undefined) => {
    if (isOver) return;
    isOver = true;
    socket?.terminate();
    ears.closed(error && named(error));
  };
  const open = (connected: Bun.Socket<undefined>) => {
    output = new SocketOutput(connected);
    ears.opened(output);
  };
  // Asynchronous also where the certificates cannot be used, which Bun throws at once.
  const connect = async (address: string) => {
    const peer = { hostname: address, port: Number(port) || (tls === undefined ? 80 : 443) };
    const options: Bun.TCPSocketConnectOptions<undefined> = {
      ...peer,
      ...(tls !== undefined && { tls: tlsOptions(host, tls, isStrict) }),
      socket: {
        binaryType: "uint8array",
        open(connected) {
          if (isOver || socket !== undefined) return connected.terminate();
          socket = connected;
          if (tls === undefined) open(connected);
        },
        handshake(shaken, isAuthorized, fault) {
          // Once: a server may not shake hands again (RFC 9113, section 9.2.1).
          if (isOver || shaken !== socket || output !== undefined) return;
          const error = handshakeFault(host, { isAuthorized, fault }, namesOf(shaken));
          if (error) return end(error);
          if (isAuthorized || !isStrict) return open(shaken);
          isStrict = false;
          socket = undefined;
          connect(address).catch(end);
        },
        data: (_, bytes) => {
          if (!isOver) ears.data(bytes);
        },
        drain: () => output?.drain(),
        error: (broken, error) => {
          if (broken === socket) end(error);
        },
        close: (closed, error) => {
          if (closed === socket) end(error);
        },
      },
    };
    await attempt(`${peer.hostname} ${peer.port}`, () => Bun.connect(options));
  };
  void tryInTurn(host, () => isOver || socket !== undefined, connect, end);
  return () => end(undefined);
}

/** Tries each address of a host until one is connected; the first failure is told where none is. */
async function tryInTurn(
  host: string,
  isDone: () => boolean,
  connect: (address: string) => Promise<void>,
  end: (error: Error) => void,
): Promise<void> {
  try {
    const addresses = addressOfHost(host) === undefined ? await addressesOf(host) : [host];
    const attempts: Promise<void>[] = [];
    for (const address of addresses) {
      if (isDone()) return;
      const attempt = connect(address);
      attempts.push(attempt);
      const isLast = attempts.length === addresses.length;
      if (!isLast) await Promise.race([attempt, Bun.sleep(NEXT_ADDRESS_MS)]).catch(() => undefined);
    }
    await Promise.any(attempts);
  } catch (failure) {
    const [first = failure] = failure instanceof AggregateError ? failure.errors : [failure];
    end(first instanceof Error ? first : new Error(String(first)));
  }
}

/**
 * All addresses of a name. By itself Bun asks without those of a family that no interface but loopback has
 * (AI_ADDRCONFIG): a name of 127.0.0.1 would lead nowhere on a node whose network is IPv6.
 */
async function addressesOf(name: string): Promise<string[]> {
  // Only for names: most endpoints are numbers, and each module costs a plugin time.
  const { lookup } = await import("node:dns/promises");
  const found = await lookup(name, { all: true, hints: 0 });
  return found.map(({ address }) => address);
}

const HTTP2 = Uint8Array.of(2, ...Buffer.from("h2"));

/**
 * An address is never sent as a server's name (RFC 6066).
 *
 * @param isStrict whether Bun itself closes where it does not trust the server, before our certificate is sent. It says
 * no to a few names where Go says yes: there `handshakeFault` alone judges, before a request is sent.
 */
function tlsOptions(host: string, { ca, cert, key }: TlsMaterial, isStrict: boolean): Bun.TLSOptions {
  return {
    ...AS_GO,
    rejectUnauthorized: isStrict,
    ...trusting(ca),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(addressOfHost(host) === undefined && { serverName: host }),
    ALPNProtocols: HTTP2,
  };
}

function namesOf(socket: Bun.Socket<undefined>): { readonly subjectaltname?: string } {
  // Bun's types do not know the certificate's kind.
  const certificate = socket.getPeerX509Certificate() as unknown as { subjectAltName?: string } | undefined;
  const subjectaltname = certificate?.subjectAltName;
  return subjectaltname === undefined ? {} : { subjectaltname };
}

/** As `node:tls` names what OpenSSL says: by its last part. */
function named(error: Error): Error {
  const [, reason] = /^error:[0-9a-f]+:SSL routines:[^:]*:(\w+)/i.exec(error.message) ?? [];
  return reason === undefined ? error : Object.assign(error, { code: `ERR_SSL_${reason}` });
}
