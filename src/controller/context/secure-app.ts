import type { HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";
import type { ControllerContext } from "./context.ts";

/**
 * The HTTPS server's application. `context.env.incoming.socket` is the TLS socket: its `authorized`
 * and `getPeerCertificate()` say who the client is, where it showed a certificate.
 */
export type SecureApp = Hono<{ Bindings: HttpBindings }>;

/** Adds a part's routes to the application. */
export type MountRoutes = (app: SecureApp, context: ControllerContext) => void;
