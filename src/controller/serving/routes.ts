import type { HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";
import { mountAdmission } from "../admission/routes.ts";
import { mountOperatorsApi } from "../api/routes.ts";
import type { ControllerContext } from "../context/context.ts";

/**
 * The HTTPS server's application. `context.env.incoming.socket` is the TLS socket: its `authorized`
 * and `getPeerCertificate()` tell who asks, where a client certificate was shown.
 */
export type SecureApp = Hono<{ Bindings: HttpBindings }>;

export type MountRoutes = (app: SecureApp, context: ControllerContext) => void;

/** Everything that is served over HTTPS, one line for each. Every replica serves it, leader or not. */
const ROUTES: readonly MountRoutes[] = [mountAdmission, mountOperatorsApi];

export function mountRoutes(app: SecureApp, context: ControllerContext): void {
  for (const mount of ROUTES) mount(app, context);
}
