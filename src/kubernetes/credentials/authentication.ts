import type { Access } from "./access.ts";
import type { ExecPlugin, ExecStatus } from "./exec-plugin.ts";
import { type Material, textOf } from "./material.ts";

/** What one request must carry to be authenticated. */
export interface Authentication {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly rejectUnauthorized: boolean;
    readonly serverName?: string;
  };
}

/**
 * What the next request carries: reads files again, and runs the exec plugin unless the kubeconfig itself
 * has a token or a password, which go first as in client-go.
 *
 * @throws Error in words for people, without a secret.
 */
export async function authenticate(
  access: Access,
  plugin: ExecPlugin | undefined,
  signal: AbortSignal,
): Promise<Authentication> {
  const fixed = authorizationOf(access);
  const ca = access.authority && textOf(access.authority);
  const own = { cert: contentOf(access.certificate), key: contentOf(access.certificateKey) };
  const given = fixed === undefined ? await plugin?.credential(signal) : undefined;
  const authorization = fixed ?? (given?.token ? bearer(given.token, "exec plugin's token") : undefined);
  const { cert, key } = own.cert === undefined && own.key === undefined ? pairOf(given) : own;
  return {
    headers: headersOf({ Authorization: authorization, "Impersonate-User": access.impersonated }),
    tls: {
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(access.tlsServerName !== undefined && { serverName: access.tlsServerName }),
      rejectUnauthorized: !access.isUnverified,
    },
  };
}

function authorizationOf({ basic, token }: Access): string | undefined {
  if (basic !== undefined) return basicAuthorization(basic.username, basic.password);
  return token && bearer(textOf(token), "path" in token ? "token file" : "token");
}

/** The header Authorization for a user name and a password (RFC 7617). */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** Refuses an empty token: the request would come from an anonymous user. A file's token ends with its line end. */
function bearer(token: string, what: string): string {
  if (token.trim() === "") throw new Error(`its ${what} is empty`);
  return `Bearer ${token.trim()}`;
}

function contentOf(material: Material | undefined): string | undefined {
  return material && textOf(material);
}

function pairOf(given: ExecStatus | undefined): { cert: string | undefined; key: string | undefined } {
  return { cert: given?.clientCertificateData || undefined, key: given?.clientKeyData || undefined };
}

function headersOf(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const result: Record<string, string> = { Accept: "application/json" };
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    if (!/^[\x20-\x7e]*$/.test(value))
      throw new Error(`what it gives for the header ${name} has a line break, or is not ASCII`);
    result[name] = value;
  }
  return result;
}
