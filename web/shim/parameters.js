// @ts-check
// The parameters of createOidc(), and the settings that they are.

import { early } from "./arrival.js";
import { inApp, REGISTERED, targetOf } from "./target.js";
import { failure } from "./errors.js";
import { own } from "./own.js";
import { ACCESS_ENDS, REFRESH_ENDS } from "./tokens.js";

const PARAMETERS = [
  "issuerUri", "clientId", "scopes", "transformUrlBeforeRedirect", "extraQueryParams", "extraTokenParams", "decodedIdTokenSchema",
  "idleSessionLifetimeInSeconds", "autoLogoutParams", "autoLogin", "sessionRestorationMethod", "debugLogs", "__unsafe_clientSecret",
  "__unsafe_useIdTokenAsAccessToken", "__metadata", "BASE_URL", "postLoginRedirectUrl", "disableDPoP",
  "revokeTokensOnLogout",
];

const METHODS = own({ "auto": "", "iframe": "silent", "full page redirect": "redirect" });

/** What parameters are whose value would count as another one. */
const KINDS = { issuerUri: "string", clientId: "string", revokeTokensOnLogout: "boolean" };

/** Seconds: a shorter time without activity is a mistake. */
const SHORTEST_IDLE = 30;

/** Parameters of a response: what the query of the redirect URI has under such a name would be read as the response's. */
const OF_RESPONSE = ["code", "state", "session_state", "iss", "error", "error_description", "error_uri", "response"];

const wrong = (why) => failure("invalid_config", why);

/** Whether browsers let a frame of the provider see its cookies, as far as names say that. */
function sameSite(address) {
  const site = (host) => (/^[\d.]+$|:/.test(host) ? host : host.split(".").slice(-2).join("."));
  return URL.canParse(address) && site(new URL(address).hostname) === site(location.hostname);
}

/** The root of the app, which is where the provider sends the browser back to; with a query of its own if several issuers share it. */
function rootOf(given) {
  if (given === undefined) throw wrong('BASE_URL is missing: give it to createOidc() or oidcEarlyInit(), "/" or what import.meta.env.BASE_URL is');
  const root = new URL(given, location.origin);
  if (root.origin !== location.origin || root.hash) throw wrong("BASE_URL has to be of the page's own origin, without a fragment");
  const taken = OF_RESPONSE.find((name) => root.searchParams.has(name));
  if (taken) throw wrong(`BASE_URL: the parameter ${taken} of its query is one of the provider's response, choose another name`);
  root.pathname = root.pathname.replace(/\/?$/, "/");
  return root;
}

/** Values of parameters: those that are undefined are none. */
export function defined(record) {
  return Object.fromEntries(Object.entries(record ?? {}).filter(([, value]) => value !== undefined));
}

/** Parameters of a sign-in that the program has to know of, as it checks what comes of them; rest are the others. */
export function checked(record) {
  const { max_age, acr_values, ...rest } = own(defined(record));
  return { known: defined({ max_age: max_age && Number(max_age), acr_values }), rest };
}

/** What createOidc() was given, with its defaults, and the settings of the manager. */
export function readParameters(given) {
  const params = own(given);
  for (const name of Object.keys(params)) if (!PARAMETERS.includes(name)) throw wrong(`createOidc: there is no parameter ${name}`);
  for (const name of ["issuerUri", "clientId"]) if (!params[name]) throw wrong(`createOidc: the parameter ${name} is required (is a variable of the environment missing?)`);
  const { issuerUri, clientId, extraQueryParams, extraTokenParams, idleSessionLifetimeInSeconds: idle, revokeTokensOnLogout: revokes } = params;
  for (const [name, kind] of Object.entries(KINDS)) if (params[name] != null && typeof params[name] !== kind) throw wrong(`${name} has to be a ${kind}`);
  if (!Array.isArray(params.scopes ?? [])) throw wrong("scopes has to be a list");
  if (/[?#]/.test(issuerUri)) throw wrong("issuerUri has no query");
  if (typeof extraTokenParams === "function") throw wrong("extraTokenParams cannot be a function: the program renews without the page; give values, or give them to renewTokens()");
  if (idle !== undefined && !(idle > SHORTEST_IDLE)) throw wrong(`idleSessionLifetimeInSeconds has to be more than ${SHORTEST_IDLE}`);
  const method = params.sessionRestorationMethod ?? early.sessionRestorationMethod ?? "auto";
  if (!(method in METHODS)) throw wrong('sessionRestorationMethod is none of "auto", "iframe" and "full page redirect"');
  const authority = params.issuerUri = issuerUri.startsWith("/") ? location.origin + issuerUri : issuerUri;
  const root = rootOf(params.BASE_URL ?? early.BASE_URL), base = params.base = root.origin + root.pathname;
  const after = params.autoLogoutParams ??= { redirectTo: "current page" };
  if (after.redirectTo === REGISTERED) throw wrong("autoLogoutParams: an automatic sign-out comes back to the root of the app");
  if (!Object.getOwnPropertyDescriptor(after, "url")?.get) { // a getter is read when it counts
    const target = targetOf(after, base);
    if (target !== location.href) inApp(target, base); // the current page may be another one then
  }
  const restore = METHODS[method] || (sameSite(authority) ? "silent" : "redirect");
  const { known, rest } = checked(typeof extraQueryParams === "function" ? {} : extraQueryParams);
  params.key = `${authority}:${clientId}`;
  params.settings = {
    authority,
    client_id: clientId,
    redirect_uri: root.href,
    post_logout_redirect_uri: root.href,
    scope: [...new Set(["openid", ...params.scopes ?? ["profile"]])].join(" "),
    restore: restore === "redirect" && params.autoLogin ? "off" : restore, // the login is that round trip
    redirectMethod: "replace", // what the program does by itself is no step back
    extraTokenResponseKeys: [ACCESS_ENDS, ...REFRESH_ENDS],
    filterProtocolClaims: false,
    promptAfterSignout: true,
    extraQueryParams: rest,
    ...known,
    ...defined({
      extraTokenParams: extraTokenParams && defined(extraTokenParams),
      extraTokenParamsAtRefresh: extraTokenParams && true,
      idle: { ofRefreshToken: true, timeoutInSeconds: idle },
      revokeTokensOnSignout: revokes,
      revokeTokenTypes: revokes ? ["refresh_token", "access_token"] : undefined,
      client_secret: params.__unsafe_clientSecret,
      metadata: params.__metadata && { issuer: authority, ...params.__metadata },
    }),
  };
  return params;
}
