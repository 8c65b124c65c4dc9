// @ts-check
// The pages of the provider: plain HTML without script and style.

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** @param {unknown} text */
const escape = (text) => String(text ?? "").replace(/[&<>"']/g, (c) => ENTITIES[c]);

/** @param {string} title @param {string} content */
function page(title, content) {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title}</title>
  <link rel="icon" href="data:,">
</head>
<body>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`;
}

/**
 * @param {any} params of the authorization request
 * @param {boolean} [wrong] the last try failed
 */
export function loginPage(params, wrong = false) {
  return page("Sign in", `
<p>to continue to <strong>${escape(params.client_id)}</strong></p>
${wrong ? '<p role="alert">This user name and password do not match. Please try again.</p>' : ""}
<form method="post">
<p><label>User name <input id="username" name="username" autocomplete="username" required value="${escape(params.login_hint)}"></label></p>
<p><label>Password <input id="password" name="password" type="password" autocomplete="current-password" required></label></p>
<p><button name="action" value="sign-in">Sign in</button>
<button name="action" value="cancel" formnovalidate>Cancel</button></p>
</form>`);
}

/** @param {string} form as oidc-provider gives it */
export function logoutPage(form) {
  return page("Sign out?", `${form}
<p><button form="op.logoutForm" name="logout" value="yes">Sign out</button></p>`);
}

export function signedOutPage() {
  return page("Signed out", "<p>Your session here has ended.</p>");
}

/** @param {string} code */
export function errorPage(code) {
  return page("This request cannot be answered", `<p role="alert"><code>${escape(code)}</code></p>`);
}

/**
 * The headers of a page. The redirect that follows a form counts as its
 * target.
 *
 * @param {string} [formTarget] where the browser may be sent from here
 */
export function pageHeaders(formTarget) {
  const target = formTarget ? new URL(formTarget).origin : "";
  return {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy":
      `default-src 'none'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self' ${target}`,
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
  };
}
