import { connect, type PeerCertificate } from "node:tls";
import { addressOfHost } from "../address/url-host.ts";
import { AS_GO, trusting } from "./as-go.ts";

/** A server to look at. */
export interface Peer {
  readonly host: string;
  readonly port: number;
  /** The name that its certificate must have; absent: `host`. */
  readonly servername?: string;
  /** Trusted authorities (PEM); undefined: the system's. */
  readonly ca: string | undefined;
  /** The client certificate and its key (PEM), where the server is to judge them. */
  readonly cert?: string;
  readonly key?: string;
  /** Milliseconds. */
  readonly patienceMs: number;
}

/** What a handshake showed. */
export interface Probed {
  /** Why it failed; "" where it succeeded. */
  readonly code: string;
  /** The names of its certificate, where its authority was accepted: "etcd-1, 10.0.0.7". */
  readonly names?: string;
}

/** Shakes hands as strictly as each connection, sends nothing, and ends. Never rejects. */
export function probe({ host, port, servername, ca, cert, key, patienceMs }: Peer): Promise<Probed> {
  return new Promise((resolve) => {
    let names: string | undefined;
    const name = servername ?? host;
    const socket = connect({
      ...AS_GO,
      host,
      port,
      // An address is never sent as a server's name (RFC 6066).
      ...(addressOfHost(name) === undefined && { servername: name }),
      ...trusting(ca),
      ...(cert !== undefined && key !== undefined && { cert, key }),
      checkServerIdentity: (_, certificate) => {
        names = namesIn(certificate);
        return undefined;
      },
    });
    const end = (code: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ code, ...(names !== undefined && { names }) });
    };
    const timer = setTimeout(() => end("ETIMEDOUT"), patienceMs);
    // In TLS 1.3 a server judges the client only after that, and an accepted one gets a ticket.
    socket.once("secureConnect", () => {
      if (socket.getProtocol() !== "TLSv1.3") return end("");
      socket.once("session", () => end(""));
      setTimeout(() => end(""), JUDGED_MS);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? "unknown"));
    socket.once("close", () => end("ECONNRESET"));
  });
}

/** Milliseconds: a server that gives no tickets is not waited for any longer. */
const JUDGED_MS = 300;

/** So many names are told. */
const MOST_NAMES = 8;

function namesIn({ subject, subjectaltname }: PeerCertificate): string {
  const names = (subjectaltname ?? "")
    .split(",")
    .map((each) => each.trim().replace(/^(DNS|IP Address|URI|email):/, ""))
    .filter((each) => each !== "");
  if (names.length === 0)
    return typeof subject?.CN === "string" ? `nothing but the common name ${subject.CN}` : "";
  const more = names.length > MOST_NAMES ? `, and ${names.length - MOST_NAMES} more` : "";
  return names.slice(0, MOST_NAMES).join(", ") + more;
}
