// @ts-check
// createOidc() for React. What is not known yet is waited for by Suspense, what has failed goes to error boundaries.

import { createElement, useState, useSyncExternalStore } from "react";
import { createOidc } from "./createoidc.js";
import { OidcInitializationError } from "./initialization.js";

/** From how many seconds before somebody who does nothing is signed out the app is told, unless it says. */
const WARNING = 60;

const CALM = { shouldDisplayWarning: false };

const never = () => new Promise(() => {});

/** See react-spa.d.ts. */
export const oidcSpa = builder({});

function builder(shape) {
  return {
    withAutoLogin: () => builder({ ...shape, autoLogin: true }),
    withExpectedDecodedIdTokenShape: (given) => builder({ ...shape, ...given }),
    createUtils: () => createUtils(shape),
  };
}

/** The start of one client, as functions of modules and components see it. */
function createUtils({ autoLogin, decodedIdTokenSchema, decodedIdToken_mock }) {
  let bootstrapped, oidc, failed, logoutState = CALM;
  const watchers = new Set();
  let settle;
  /** Resolves as soon as it is known who is signed in, or that nobody can know. */
  const settled = new Promise((resolve) => {
    settle = resolve;
  });

  async function start({ implementation, warnUserSecondsBeforeAutoLogout: warning = WARNING, ...params }) {
    if (implementation === "mock") {
      const { createMockOidc } = await import("../core-mock.js");
      const { issuerUri_mock: issuerUri, clientId_mock: clientId, decodedIdToken_mock: decodedIdToken = decodedIdToken_mock, ...rest } = params;
      return createMockOidc({ ...rest, autoLogin, mockedParams: { issuerUri, clientId }, mockedTokens: { decodedIdToken } });
    }
    const started = await createOidc({ ...params, autoLogin, decodedIdTokenSchema });
    if (started.isUserLoggedIn) started.subscribeToAutoLogoutCountdown(({ secondsLeft }) => {
      const warns = secondsLeft !== undefined && secondsLeft <= warning;
      if (!warns && logoutState === CALM) return;
      logoutState = warns ? { shouldDisplayWarning: true, secondsLeftBeforeAutoLogout: secondsLeft } : CALM;
      for (const watcher of [...watchers]) {
        try {
          watcher(logoutState);
        } catch (error) {
          reportError(error);
        }
      }
    });
    return started;
  }

  function bootstrapOidc(params) {
    if (!globalThis.document) return never(); // a server that renders the app
    bootstrapped ??= start(params).then((started) => {
      oidc = started;
    }, (error) => {
      failed = error;
      if (!(error instanceof OidcInitializationError)) throw error;
    }).finally(settle);
    return bootstrapped;
  }

  /** What components are rendered with. */
  function known() {
    if (!globalThis.document) throw new Error("useOidc: a server does not know who is signed in; OidcInitializationGate keeps the component for the browser");
    if (failed) throw failed;
    if (!oidc) throw settled;
    return oidc;
  }

  function checked({ isUserLoggedIn }, assert) {
    if (assert !== undefined && assert !== (isUserLoggedIn ? "user logged in" : "user not logged in")) {
      throw new Error(`the app has expected "${assert}", and ${isUserLoggedIn ? "somebody" : "nobody"} is signed in`);
    }
  }

  const common = ({ issuerUri, clientId, validRedirectUri, isUserLoggedIn }) => ({ issuerUri, clientId, validRedirectUri, isUserLoggedIn });

  const ofNobody = ({ login, initializationError }) => ({ login, initializationError });

  const ofSomebody = ({ logout, renewTokens, goToAuthServer, backFromAuthServer, isNewBrowserSession }) =>
    ({ logout, renewTokens, goToAuthServer, backFromAuthServer, isNewBrowserSession });

  function watch(watcher) {
    const one = (state) => watcher(state); // the same function counts as often as it is given
    watchers.add(one);
    return () => void watchers.delete(one);
  }

  function watchTokens(watcher) {
    const one = oidc.isUserLoggedIn && oidc.subscribeToTokensChange(watcher);
    return () => one && one.unsubscribeFromTokensChange();
  }

  const claims = () => oidc.isUserLoggedIn && oidc.getDecodedIdToken();

  /** A component is rendered anew for what it has read. */
  function useOidc({ assert } = /** @type {any} */ ({})) {
    const core = known();
    checked(core, assert);
    const [reads] = useState(() => ({ claims: false, logout: false, first: claims() }));
    useSyncExternalStore(watchTokens, () => (reads.claims ? claims() : reads.first), claims);
    useSyncExternalStore(watch, () => (reads.logout ? logoutState : CALM), () => CALM);
    if (!core.isUserLoggedIn) return { ...common(core), ...ofNobody(core), autoLogoutState: CALM };
    return {
      ...common(core),
      ...ofSomebody(core),
      get decodedIdToken() {
        reads.claims = true;
        return claims();
      },
      get autoLogoutState() {
        reads.logout = true;
        return logoutState;
      },
    };
  }

  async function getOidc({ assert } = /** @type {any} */ ({})) {
    if (!globalThis.document) throw new Error("getOidc: a server does not know who is signed in");
    await settled;
    if (failed instanceof OidcInitializationError) return never(); // OidcInitializationErrorGate shows it
    const core = known();
    checked(core, assert);
    if (!core.isUserLoggedIn) return { ...common(core), ...ofNobody(core) };
    const changes = (name, last, next) => core.subscribeToTokensChange((tokens) => {
      if (tokens[name] === last) return;
      last = tokens[name];
      next(last);
    }).unsubscribeFromTokensChange;
    const { getAccessToken, getDecodedIdToken } = core;
    return {
      ...common(core),
      ...ofSomebody(core),
      getAccessToken,
      getDecodedIdToken,
      subscribeToAccessTokenRotation: (next) => ({ unsubscribeFromAccessTokenRotation: changes("accessToken", undefined, next) }),
      subscribeToDecodedIdTokenChange: (next) => ({ unsubscribeFromDecodedIdTokenChange: changes("decodedIdToken", getDecodedIdToken(), next) }),
      subscribeToAutoLogoutState(next) {
        next(logoutState);
        return { unsubscribeFromAutoLogoutState: watch(next) };
      },
    };
  }

  /** Is given what the loaders of React Router and TanStack Router get. */
  async function enforceLogin({ request, location: route, cause }) {
    const oidc = await getOidc();
    if (oidc.isUserLoggedIn) return;
    if (cause === "preload") throw new Error("enforceLogin: nobody is signed in, so that there is nothing to load in advance");
    const bare = (address) => address.replace(/\/$/, "");
    const redirectUrl = new URL(request?.url ?? route?.publicHref ?? "", location.href).href;
    await oidc.login({ redirectUrl, doesCurrentHrefRequiresAuth: bare(redirectUrl) === bare(location.href) });
  }

  function withLoginEnforced(component) {
    let leaving, stayed;
    function Enforced(props) {
      const core = known();
      if (core.isUserLoggedIn) return createElement(component, props);
      if (stayed) throw stayed; // it is not asked again with every rendering
      throw leaving ??= core.login({ doesCurrentHrefRequiresAuth: true }).catch((error) => {
        stayed = error;
      });
    }
    Enforced.displayName = `${component.displayName ?? component.name}WithLoginEnforced`;
    return Enforced;
  }

  /** Without a fallback, nothing is shown until it is known who is signed in. */
  function OidcInitializationGate({ fallback = null, children }) {
    const isKnown = useSyncExternalStore(watchStart, () => Boolean(oidc || failed), () => false);
    return isKnown ? children : fallback;
  }

  function watchStart(watcher) {
    settled.then(watcher);
    return () => {};
  }

  function OidcInitializationErrorGate({ errorComponent, children }) {
    if (failed instanceof OidcInitializationError) return createElement(errorComponent, { oidcInitializationError: failed });
    known();
    return children;
  }

  return { bootstrapOidc, useOidc, getOidc, enforceLogin, withLoginEnforced, OidcInitializationGate, OidcInitializationErrorGate };
}
