import { mountAdmission } from "../admission/routes.ts";
import { mountOperatorsApi } from "../api/routes.ts";
import type { ControllerContext } from "../context/context.ts";
import type { MountRoutes, SecureApp } from "../context/secure-app.ts";

/** Everything that is served over HTTPS, one line for each. Every replica serves it, leader or not. */
const ROUTES: readonly MountRoutes[] = [mountAdmission, mountOperatorsApi];

export function mountRoutes(app: SecureApp, context: ControllerContext): void {
  for (const mount of ROUTES) mount(app, context);
}
