import { type Address, equalAddresses } from "../../address/address.ts";
import { cidrContains, parseCidr, tryParseCidr } from "../../address/cidr.ts";
import { addressOfHost } from "../../address/url-host.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that the environment names for a server, by the rules of Go's clients (golang.org/x/net,
 * httpproxy), which differ from Bun's: never for the machine itself, no ALL_PROXY, networks in NO_PROXY.
 *
 * @param server its URL.
 * @returns undefined where it is to be asked directly.
 * @throws Error naming a variable that names no proxy of http or https.
 */
export function proxyOf(server: string, environment: Environment = process.env): string | undefined {
  const { hostname, port, protocol } = new URL(server);
  const variable = protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const named = either(variable, environment);
  if (named === "") return undefined;
  const host = { name: hostname.replace(/\.$/, ""), port: port || (protocol === "https:" ? "443" : "80") };
  if (isDirect(host, either("NO_PROXY", environment))) return undefined;
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(named) ? named : `http://${named}`;
  if (URL.canParse(url) && /^https?:/i.test(url)) return url;
  throw new Error(`the environment's ${variable} names no proxy of http or https`);
}

function either(variable: string, environment: Environment): string {
  return environment[variable] || environment[variable.toLowerCase()] || "";
}

interface Host {
  readonly name: string;
  readonly port: string;
}

function isDirect(host: Host, exceptions: string): boolean {
  const address = addressOfHost(host.name);
  if (host.name === "localhost" || (address !== undefined && isLoopback(address))) return true;
  return exceptions
    .split(",")
    .map((exception) => exception.trim().toLowerCase())
    .some((exception) => exception !== "" && isMeant(exception, host, address));
}

/** "*", a network, an address or a name with or without a port; a leading dot leaves out the name itself. */
function isMeant(exception: string, { name, port }: Host, address: Address | undefined): boolean {
  if (exception === "*") return true;
  const network = tryParseCidr(exception);
  if (network !== undefined) return address !== undefined && cidrContains(network, address);
  const portless = addressOfHost(exception) !== undefined;
  const [, bare = exception, onlyPort = port] = (!portless && /^(.+):(\d+)$/.exec(exception)) || [];
  if (onlyPort !== port) return false;
  const other = addressOfHost(bare);
  if (address !== undefined) return other !== undefined && equalAddresses(other, address);
  const domain = bare.replace(/^\*?\./, "");
  return name.endsWith(`.${domain}`) || (domain === bare && name === domain);
}

const LOOPBACKS = [parseCidr("127.0.0.0/8"), parseCidr("::1/128")];

function isLoopback(address: Address): boolean {
  return LOOPBACKS.some((network) => cidrContains(network, address));
}
