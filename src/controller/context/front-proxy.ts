import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { Api } from "../../kubernetes/api/api.ts";
import { CONFIG_MAPS } from "../../kubernetes/api/kinds.ts";
import { authoritiesIn, isIssuedBy } from "./peer-issuer.ts";

interface Trusted {
  /** PEM. */
  readonly authorities: string;
  readonly certificates: readonly X509Certificate[];
  /** Common names that count; empty: every name. */
  readonly names: readonly string[];
  readonly userHeaders: readonly string[];
}

const WHERE = { namespace: "kube-system", name: "extension-apiserver-authentication" };

/**
 * The API server as a client: it forwards requests for our API group with its front proxy's
 * certificate, and names the user in headers. Without that certificate a request has no user, whatever
 * its headers say. Kubernetes publishes the authority, the names and the headers in a ConfigMap.
 */
export class FrontProxy {
  readonly #api: Api;
  readonly #isAlone: boolean;
  #trusted: Trusted | undefined;

  /**
   * @param isAlone whether TLS trusts the front proxy's authorities only; else a certificate counts only if
   * one of them signed it itself.
   */
  constructor(api: Api, isAlone = true) {
    this.#api = api;
    this.#isAlone = isAlone;
  }

  /** Whose client certificates count (PEM); undefined before they are known. */
  get authorities(): string | undefined {
    return this.#trusted?.authorities;
  }

  /** Reads the ConfigMap anew. @throws IpamError as the Cluster port says. */
  async refresh(deadline: number): Promise<void> {
    const map = await this.#api.getBuiltIn(CONFIG_MAPS, WHERE, deadline);
    const authorities = map?.data["requestheader-client-ca-file"] ?? "";
    this.#trusted =
      authorities === ""
        ? undefined
        : {
            authorities,
            certificates: this.#isAlone ? [] : authoritiesIn(authorities),
            names: listIn(map?.data["requestheader-allowed-names"]),
            userHeaders: listIn(map?.data["requestheader-username-headers"]),
          };
  }

  /**
   * The user whom the API server has authenticated and authorised; undefined for a request that does not
   * come through it.
   */
  userOf(socket: TLSSocket, headers: Headers): string | undefined {
    if (this.#trusted === undefined || !socket.authorized) return undefined;
    const { certificates, names, userHeaders } = this.#trusted;
    if (!this.#isAlone && !isIssuedBy(socket, certificates)) return undefined;
    const { CN } = socket.getPeerCertificate().subject ?? {};
    if (names.length > 0 && !(typeof CN === "string" && names.includes(CN))) return undefined;
    return userHeaders.map((name) => headers.get(name) ?? "").find((value) => value !== "");
  }
}

/** A JSON list of strings; anything else is a list that no name is on. */
function listIn(text: string | undefined): string[] {
  if (text === undefined) return [];
  const list: unknown = JSON.parse(text);
  return Array.isArray(list) ? list.map(String) : [""];
}
