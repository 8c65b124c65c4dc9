// @ts-check
// Addresses and requests of Keycloak beside OpenID Connect. This imports nothing.

/** What an issuer says of Keycloak; null if it is another provider's. */
function parse(issuerUri) {
  const { origin, pathname } = new URL(issuerUri.replace(/\/$/, "")), [path, realm, ...more] = pathname.split("/realms/");
  return realm && !realm.includes("/") && !more.length ? { origin, path, realm } : null;
}

/** See keycloak.d.ts. */
export function isKeycloak({ issuerUri }) {
  return parse(issuerUri) !== null;
}

/** An address as Keycloak has it registered: with a slash at its end, unless it has a query. */
function registered(address) {
  const { href, search } = new URL(address, globalThis.location?.origin);
  return search || href.endsWith("/") ? href : `${href}/`;
}

async function fetchJSON(url, accessToken) {
  const response = await fetch(url, { headers: { Accept: "application/json", Authorization: `Bearer ${accessToken}` } });
  if (!response.ok) throw new Error(`Keycloak has answered with HTTP status ${response.status}`);
  return response.json();
}

/** See keycloak.d.ts. */
export function createKeycloakUtils({ issuerUri }) {
  const parsed = parse(issuerUri);
  if (!parsed) throw new Error("createKeycloakUtils: issuerUri is not that of a realm of Keycloak, which isKeycloak() tells");
  const { origin, path, realm } = parsed, server = origin + path, realmUrl = `${server}/realms/${realm}`;
  const consoleOf = (name) => `${server}/admin/${name}/console`;
  return {
    issuerUriParsed: { origin, realm: decodeURIComponent(realm), kcHttpRelativePath: path || undefined },
    adminConsoleUrl: consoleOf(realm),
    adminConsoleUrl_master: consoleOf("master"),
    getAccountUrl({ clientId, validRedirectUri, locale }) {
      const url = new URL(`${realmUrl}/account`);
      url.searchParams.set("referrer", clientId);
      url.searchParams.set("referrer_uri", registered(validRedirectUri));
      if (locale !== undefined) url.searchParams.set("kc_locale", locale);
      return url.href;
    },
    fetchUserProfile: ({ accessToken }) => fetchJSON(`${realmUrl}/account`, accessToken),
    fetchUserInfo: ({ accessToken }) => fetchJSON(`${realmUrl}/protocol/openid-connect/userinfo`, accessToken),
    transformUrlBeforeRedirectForRegister(authorizationUrl) {
      const url = new URL(authorizationUrl);
      url.pathname = url.pathname.replace(/\/auth$/, "/registrations");
      return url.href;
    },
  };
}
