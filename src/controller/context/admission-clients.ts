import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { IpamError } from "../../ipam/errors.ts";
import { textOf } from "../../kubernetes/credentials/material.ts";
import { authoritiesIn, isIssuedBy } from "./peer-issuer.ts";

/**
 * Who may ask for admission: everybody, or only clients with a certificate of the authorities in a file
 * (PEM). The API server shows one where its AdmissionConfiguration says so, and then it alone is answered.
 */
export class AdmissionClients {
  readonly #file: string | undefined;
  #bundle: string | undefined;
  #trusted: readonly X509Certificate[] = [];

  /** @throws IpamError invalidConfig as `refresh`. */
  constructor(file?: string) {
    this.#file = file;
    this.refresh();
  }

  /** Whether there are such authorities. */
  get areKnown(): boolean {
    return this.#file !== undefined;
  }

  /** The authorities, PEM; undefined where everybody may ask. */
  get authorities(): string | undefined {
    return this.#bundle;
  }

  /** Reads the file anew. @throws IpamError invalidConfig; what was read last stays in force. */
  refresh(): void {
    if (this.#file === undefined) return;
    try {
      const bundle = textOf({ key: "file", path: this.#file });
      this.#trusted = authoritiesIn(bundle);
      this.#bundle = bundle;
    } catch (failure) {
      const reason = failure instanceof Error ? failure.message : String(failure);
      throw new IpamError(
        "invalidConfig",
        `cannot read the authorities in '${this.#file}': ${reason}`,
        "give --admission-client-ca a file of certificates in PEM that may be read",
      );
    }
  }

  mayAsk(socket: TLSSocket): boolean {
    return this.#file === undefined || isIssuedBy(socket, this.#trusted);
  }
}
