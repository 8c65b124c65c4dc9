// @ts-check
// A certified provider for tests: npm's oidc-provider, in memory, behind the
// reverse proxy of package peer, which starts it. Settings come as JSON in
// PEER_CONFIG. It prints {"port": n} when it is ready, and ends when its
// standard input does: it never outlives who started it.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";
import { errorPage, loginPage, logoutPage, pageHeaders, signedOutPage } from "./pages.mjs";

const config = JSON.parse(process.env.PEER_CONFIG ?? "{}");

const account = {
  sub: "demo-user-1",
  name: "Demo User",
  preferred_username: "demo",
  email: "demo@example.test",
  email_verified: true,
};

function signingKey(alg) {
  const { privateKey } = alg === "ES256"
    ? generateKeyPairSync("ec", { namedCurve: "P-256" })
    : generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), alg, use: "sig", kid: randomBytes(8).toString("hex") };
}

// offline_access counts only together with prompt=consent here (OIDC Core
// 11). Single-page apps ask without it and are to get a refresh token: the
// wish travels as a parameter of our own, which survives the login form, and
// the grant remembers it.
const WISH = "offline_wish";

async function noteWish(ctx, next) {
  if (ctx.path === "/auth" && String(ctx.query.scope ?? "").split(" ").includes("offline_access")) {
    ctx.query = { ...ctx.query, [WISH]: "1" };
  }
  await next();
}

/** A grant for every request: consent is never asked for. */
async function loadExistingGrant(ctx) {
  const { client, params, session, provider } = ctx.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope("openid profile email");
  if (params[WISH]) grant.addOIDCScope("offline_access");
  if (config.audience) grant.addResourceScope(config.audience, config.api_scope);
  await grant.save();
  return grant;
}

/** Shows a page where the protocol is in charge: it still adds its cookies. */
function show(ctx, html, formTarget) {
  ctx.set(pageHeaders(formTarget));
  ctx.body = html;
}

const provider = new Provider(config.issuer, {
  clients: [{
    client_id: config.client_id,
    redirect_uris: config.redirect_uris,
    post_logout_redirect_uris: config.post_logout_redirect_uris,
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    id_token_signed_response_alg: config.alg,
    authorization_signed_response_alg: config.alg,
  }],
  jwks: { keys: [signingKey(config.alg)] },
  enabledJWA: { idTokenSigningAlgValues: [config.alg], authorizationSigningAlgValues: [config.alg] },
  cookies: { keys: [randomBytes(32).toString("hex")] },
  scopes: ["openid", "offline_access"],
  claims: { openid: ["sub"], profile: ["name", "preferred_username"], email: ["email", "email_verified"] },
  conformIdTokenClaims: false,
  extraParams: [WISH],
  pkce: { required: () => true },
  clientBasedCORS: (_ctx, origin) => config.origins.includes(origin),
  findAccount: (_ctx, id) => (id === account.sub ? { accountId: id, claims: () => account } : undefined),
  loadExistingGrant,
  issueRefreshToken: (ctx, client) =>
    client.grantTypeAllowed("refresh_token") && ctx.oidc.entities.Grant.getOIDCScope().includes("offline_access"),
  rotateRefreshToken: true,
  interactions: { url: (_ctx, { uid }) => `/auth/interaction/${uid}` },
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true },
    jwtResponseModes: { enabled: true },
    resourceIndicators: {
      enabled: config.audience !== "",
      defaultResource: () => config.audience,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: config.api_scope,
        audience: config.audience,
        accessTokenFormat: "jwt",
        accessTokenTTL: config.access_token_ttl,
        jwt: { sign: { alg: config.alg } },
      }),
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => show(ctx, logoutPage(form), ctx.oidc.params.post_logout_redirect_uri),
      postLogoutSuccessSource: (ctx) => show(ctx, signedOutPage()),
    },
  },
  renderError: (ctx, out) => show(ctx, errorPage(out.error)),
  ttl: {
    AccessToken: config.access_token_ttl,
    IdToken: config.id_token_ttl,
    AuthorizationCode: 60,
    Interaction: 3600,
    Grant: 86400,
    Session: 86400,
    RefreshToken: 86400,
  },
});
provider.proxy = true; // addresses are those of the proxy
provider.use(noteWish);

/** The form: shown with GET, sent with POST. */
async function interact(req, res) {
  const { prompt, params } = await provider.interactionDetails(req, res);
  if (prompt.name !== "login") {
    return provider.interactionFinished(req, res, { [prompt.name]: {} }, { mergeWithLastSubmission: true });
  }
  if (req.method !== "POST") return send(res, 200, loginPage(params), params.redirect_uri);
  const fields = await readForm(req);
  if (fields.get("action") === "cancel") {
    return provider.interactionFinished(req, res, { error: "access_denied", error_description: "cancelled" });
  }
  if (fields.get("username") !== config.user || fields.get("password") !== config.password) {
    return send(res, 200, loginPage({ ...params, login_hint: fields.get("username") }, true), params.redirect_uri);
  }
  return provider.interactionFinished(req, res, { login: { accountId: account.sub } });
}

function send(res, status, html, formTarget) {
  res.writeHead(status, pageHeaders(formTarget)).end(html);
}

async function readForm(req) {
  let body = "";
  for await (const chunk of req) {
    body += chunk;
    if (body.length > 65536) throw new Error("the form is too long");
  }
  return new URLSearchParams(body);
}

const protocol = provider.callback();
const server = createServer((req, res) => {
  if (!req.url?.startsWith("/auth/interaction/")) {
    protocol(req, res);
    return;
  }
  interact(req, res).catch((error) => send(res, 400, errorPage(error.error ?? "invalid_request")));
});

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${JSON.stringify({ port: typeof address === "object" ? address?.port : 0 })}\n`);
});

process.stdin.on("end", () => process.exit(0)).resume();
