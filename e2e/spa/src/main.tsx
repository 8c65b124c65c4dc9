// An app as the documentation of oidc-spa has it, with React Router or TanStack Router, in StrictMode.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

globalThis.heard = { renders: 0, rotations: [], claims: 0, calls: [] };
const root = createRoot(document.getElementById("root")!);

if (location.pathname.startsWith("/auto")) {
  const { AutoApp } = await import("./auto");
  root.render(<StrictMode><AutoApp /></StrictMode>);
} else {
  const { App } = await (import.meta.env.VITE_ROUTER === "tanstack" ? import("./tanstack") : import("./app"));
  root.render(<StrictMode><App /></StrictMode>);
}
