// @ts-check
// createOidc(): a UserManager as somebody who is signed in, or not, for as long as the page is shown. Decisions are the
// program's; here are shapes.

import { arrive, early, keptAt, responseIn } from "./arrival.js";
import { pause } from "./connection.js";
import { failure } from "./errors.js";
import { FramePolicy } from "./framing.js";
import { startFailed } from "./initialization.js";
import { UserManager } from "./manager.js";
import { own } from "./own.js";
import { checked, defined, readParameters } from "./parameters.js";
import { DEPARTURE, RoundTrip } from "./roundtrip.js";
import { inApp, isInApp, open, REGISTERED, targetOf } from "./target.js";
import { tokensOf } from "./tokens.js";

/** How long an access token is good at least that getTokens() gives, unless it has just come; in milliseconds. */
const MARGIN = 30_000, YOUNG = 5_000;

/** How long a tab whose user was idle waits for the program to send it to the provider, in milliseconds. */
const IDLE_GRACE = 5_000;

/** Answers of the provider that nobody is signed in, or wants to be. */
const NOBODY = ["access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required"];

/** What becomes of the hidden frame if the app refuses it, or the client is not registered. */
const FRAMELESS = ["frame_no_response", "timeout"];

const never = () => new Promise(() => {});

/** The clients of this page, by issuer and client. */
const clients = new Map();

/** The departure that is under way: the tab leaves for one client of the page, and for another one if it has stayed. */
let departure = Promise.resolve();

/** Leaves after the departure that is under way. */
function inTurn(leave) {
  const mine = departure.then(leave), over = () => {};
  departure = Promise.race([mine.then(over, over), departure.then(() => pause(DEPARTURE))]);
  return mine;
}

/** See createoidc.d.ts. */
export function createOidc(given) {
  if (!globalThis.document) return never(); // a server that renders the app
  try {
    const params = readParameters(given), { key } = params;
    if (!arrive(params.base)) return never();
    if (!clients.has(key)) clients.set(key, new OneClient(params));
    return clients.get(key).start();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Whether this page may find somebody signed in: who comes later comes with another page, so that nobody has to watch whether somebody is there. */
function mayBeSomebody(key) {
  try {
    return early.unknown || localStorage.getItem(`oidcspa.session:${key}`) !== null || keptAt(`oidcspa.response:${key}`).response;
  } catch {
    return true; // no way to know
  }
}

/** Resolves when somebody can see the page, and there is a network: the browser would show an error in the place of the app. */
async function ready() {
  while (document.hidden || !navigator.onLine) {
    const heard = new AbortController(), how = { __proto__: null, capture: true, signal: heard.signal };
    await new Promise((resolve) => ["visibilitychange", "online"].forEach((type) => addEventListener(type, resolve, how)));
    heard.abort();
  }
}

class OneClient {
  #params;
  #manager;
  #trip;
  /** The start that is under way, or has succeeded. */
  #started;
  /** Whether somebody was signed in when the page began, as far as this browser knows. */
  #hadSession;
  /** Whether somebody is signed in; undefined before that is known. */
  #signedIn;
  #tokens;
  /** When these came, in milliseconds. */
  #came = 0;
  #idled = false;
  /** Somebody was idle without a network: the tab stays until there is one. */
  #waits = false;
  /** Who is there, if the app's schema does not take the claims. */
  #unread;
  /** Why the response with which the page came has led to nobody. */
  #lost;
  /** Why a session that was there could not be restored. */
  #unrestored;
  #frames = new FramePolicy();
  #leaving;
  #renewal = { key: "", done: Promise.resolve() };
  #listeners = new Set();

  constructor(params) {
    this.#params = params;
    this.#trip = new RoundTrip(params);
    const _before = (method, asked) => {
      if (method === "navigate" && this.#waits) throw failure("network", "the tab leaves when there is a network again");
      this.#trip.before(method, asked);
      if (method === "frame") this.#frames.visits(asked.url);
    };
    const { idle, ...settings } = params.settings;
    this.#hadSession = mayBeSomebody(params.key);
    this.#manager = new UserManager(/** @type {any} */ ({ ...settings, ...(this.#hadSession && { idle }), _before }));
    const { events } = this.#manager;
    events.addUserLoaded((user) => this.#onUser(user));
    events.addUserUnloaded(() => this.#signedIn && this.#change());
    events.addIdleCountdown((secondsLeft) => {
      this.#idled = secondsLeft === 0;
    });
    events.addRestoreError((error) => {
      if (error.code !== "not_signed_in" && error.error !== "invalid_grant") this.#unrestored = error; // those say that it is over
    });
  }

  /** The one start of this page; one that has failed is made again. */
  start() {
    const again = () => {
      this.#started = undefined;
    };
    if (!this.#started) {
      this.#started = this.#start();
      this.#started.then(({ initializationError }) => initializationError && again(), again);
    }
    return this.#started;
  }

  async #start() {
    const { autoLogin, debugLogs } = this.#params, manager = this.#manager;
    if (debugLogs) {
      const { Log } = await import("../log.js");
      Log.setLogger(console);
      Log.setLevel(Log.DEBUG);
    }
    this.#signedIn = this.#unrestored = undefined;
    if (early.unknown && !await this.#takesUp(early.unknown)) return never();
    const back = this.#trip.back();
    let user, failed;
    try {
      user = await manager.getUser();
      if (user) this.#take(user);
    } catch (error) {
      failed = error;
      if (user) this.#unread = user.profile.sub; // the app's schema has thrown
      user = back && !user && await manager.getUser().catch(() => null); // who was there before
      try {
        if (user) this.#take(user);
      } catch {
        this.#unread = user.profile.sub;
        user = null;
      }
      if (back && !user) this.#lost = failed;
    }
    if (user) {
      this.#signedIn = true;
      return this.#loggedIn(back);
    }
    if (!this.#hadSession || this.#params.settings.restore !== "off") this.#forget(); // else the login is how it is restored
    failed ??= this.#lost; // a response is read once: only another login can mend that
    const stops = autoLogin && failed;
    failed ??= this.#unrestored; // a login can mend that
    if (failed && (stops || !NOBODY.includes(failed.error))) {
      const advice = FRAMELESS.includes(failed.code) && await this.#frames.advice(this.#params.base);
      console.error(failed = startFailed(failed, advice));
      if (stops) throw failed;
    } else failed = undefined;
    if (autoLogin) return this.#login({ doesCurrentHrefRequiresAuth: true }).catch((error) => Promise.reject(startFailed(error)));
    this.#signedIn = false;
    return { ...this.#common(), isUserLoggedIn: false, initializationError: failed, login: (given) => this.#login(given) };
  }

  /**
   * Goes on with a sign-in that another tab has left for: this one was opened by a link in a mail. Returns whether the app goes
   * on here.
   */
  async #takesUp(address) {
    try {
      const state = responseIn(address).get("state"), way = own(await this.#manager._awaits(state));
      if (way.client !== this.#params.key) return true;
      early.unknown = undefined;
      this.#trip.forget(); // what this tab has left for is not what comes
      sessionStorage.setItem(`oidcspa.${state}`, JSON.stringify(way));
    } catch {
      return true; // no program knows of it, or this tab keeps nothing
    }
    return arrive(this.#params.base, new URL(address));
  }

  #common() {
    const { issuerUri, clientId, settings } = this.#params;
    return { issuerUri, clientId, validRedirectUri: settings.redirect_uri };
  }

  #loggedIn(backFromAuthServer) {
    const { events } = this.#manager, listeners = this.#listeners;
    return {
      ...this.#common(),
      isUserLoggedIn: true,
      backFromAuthServer,
      isNewBrowserSession: this.#isNew(),
      getTokens: () => this.#getTokens(),
      getAccessToken: async () => (await this.#getTokens()).accessToken,
      getDecodedIdToken: () => this.#tokens.decodedIdToken,
      renewTokens: (given) => this.#renew(own(given).extraTokenParams),
      subscribeToTokensChange(callback) {
        const listener = (tokens) => callback(tokens); // the same callback counts as often as it is given
        listeners.add(listener);
        return { unsubscribeFromTokensChange: () => void listeners.delete(listener) };
      },
      subscribeToAutoLogoutCountdown: (callback) => ({
        unsubscribeFromAutoLogoutCountdown: events.addIdleCountdown((secondsLeft) => callback({ secondsLeft })),
      }),
      goToAuthServer: (given) => this.#goToProvider("go to auth server", given, location.href),
      logout: (given) => this.#logout(given),
    };
  }

  /** Another page begins: with it, it is found out anew who is signed in. */
  #change() {
    if (this.#waits || this.#trip.left || this.#leaving && !this.#trip.stayed) return;
    if (!this.#idled) return location.reload();
    this.#idled = false;
    if (!navigator.onLine) return this.#endLater();
    setTimeout(() => !this.#trip.left && this.#trip.openAfterIdle(), IDLE_GRACE);
  }

  /** Here nobody is signed in any more: the provider hears of it when there is a network, from the tab that is seen. */
  async #endLater() {
    this.#waits = true;
    await new Promise((resolve) => addEventListener("online", resolve, { __proto__: null, once: true, capture: true }));
    this.#waits = false;
    if (document.hidden) this.#trip.openAfterIdle();
    else this.#logout(this.#params.autoLogoutParams, this.#tokens.idToken).catch(() => this.#trip.openAfterIdle());
  }

  /** The page shows one person's app: what is somebody else's is not for it. */
  #isAnother(user) {
    return user.profile.sub !== this.#tokens.decodedIdToken_original.sub;
  }

  #onUser(user) {
    if (this.#signedIn === undefined) return;
    if (!this.#signedIn && user.profile.sub === this.#unread) return;
    if (!this.#signedIn || this.#isAnother(user)) return this.#change();
    this.#take(user);
  }

  /** Takes the tokens of a user, and tells of new ones. */
  #take(user) {
    const before = this.#tokens, now = tokensOf(user, before, this.#params);
    if (before?.accessToken === now.accessToken && before.idToken === now.idToken) return before;
    this.#tokens = now;
    this.#came = Date.now();
    if (before) for (const listener of this.#listeners) {
      try {
        listener(now);
      } catch (error) {
        reportError(error);
      }
    }
    return now;
  }

  async #getTokens() {
    const user = await this.#manager.getUser();
    if (!user || this.#isAnother(user)) return this.#gone();
    const { accessTokenExpirationTime } = this.#take(user);
    if (accessTokenExpirationTime - Date.now() <= MARGIN && Date.now() - this.#came >= YOUNG) {
      try {
        await this.#renew();
      } catch (error) {
        if (accessTokenExpirationTime <= Date.now()) throw error;
      }
    }
    return this.#tokens;
  }

  /** The session is over: what waits for tokens ends with the page. */
  #gone() {
    this.#change();
    return never();
  }

  /** Renewals with the same parameters at the same time are one, others come after each other. */
  #renew(given) {
    const { extraTokenParams } = this.#params, extra = given && defined({ ...extraTokenParams, ...given });
    const key = JSON.stringify(extra) ?? "none", running = this.#renewal;
    if (running.key === key) return running.done;
    const done = running.done.catch(() => {}).then(async () => {
      const user = await this.#manager.signinSilent({ extraTokenParams: extra });
      if (user && this.#isAnother(user)) return this.#gone();
      if (user) this.#take(user);
    });
    const renewal = this.#renewal = { key, done };
    const over = () => {
      renewal.key = "";
    };
    done.then(over, over);
    return done;
  }

  #login(given) {
    const { postLoginRedirectUrl = location.href } = this.#params;
    return this.#goToProvider("login", given, postLoginRedirectUrl);
  }

  /** The tab leaves for the first call alone, until it turns out that it stays. */
  #goToProvider(action, given, elsewhere) {
    if (this.#trip.stayed) this.#leaving = undefined;
    this.#leaving ??= this.#go(action, given, elsewhere).finally(() => {
      this.#leaving = undefined;
    });
    return this.#leaving;
  }

  async #go(action, given, elsewhere) {
    const { doesCurrentHrefRequiresAuth, extraQueryParams, redirectUrl = elsewhere, transformUrlBeforeRedirect: transform } = own(given);
    const return_to = inApp(redirectUrl, this.#params.base), { known, rest } = checked(extraQueryParams);
    await ready();
    await inTurn(() => this.#trip.for({ action, known, rest, transform }, () => this.#manager.signinRedirect({
      return_to, redirectMethod: doesCurrentHrefRequiresAuth ? "replace" : "assign", ...known,
    })));
    if (this.#params.autoLogin && !this.#signedIn) location.reload(); // somebody has gone back to a page that shows nothing
    this.#leaving = undefined; // another call leaves again
    return never();
  }

  async #logout(given, id_token_hint) {
    const { base, settings } = this.#params, { redirectTo, extraQueryParams } = own(given), target = targetOf(given, base);
    const comesBack = redirectTo !== REGISTERED && isInApp(target, base);
    if (this.#leaving && !this.#trip.stayed) return this.#leaving;
    this.#leaving = never();
    try {
      await this.#trip.for({ target: new URL(target).origin === location.origin ? target : base }, () => this.#manager.signoutRedirect({
        post_logout_redirect_uri: comesBack ? settings.redirect_uri : target, redirectMethod: "assign", extraQueryParams: defined(extraQueryParams), id_token_hint,
      }));
      location.reload(); // shown again, by the back button
    } catch (error) {
      if (await this.#manager.getUser().catch(() => true)) { // nothing was done
        this.#leaving = undefined;
        throw error;
      }
      if (error.code !== "unsupported") console.error(error); // the provider's session goes on
      open(target); // here nobody is signed in any more
    }
    return never();
  }

  get #seen() {
    return `oidcspa-seen:${this.#params.key}`;
  }

  /** Nobody is signed in: whoever comes next is new. */
  #forget() {
    try {
      sessionStorage.removeItem(this.#seen);
    } catch {
      // this tab keeps nothing
    }
  }

  /** Whether this tab sees the person for the first time since nobody was signed in. It keeps a number, not who that is. */
  #isNew() {
    let digest = 0;
    for (const letter of this.#tokens.decodedIdToken_original.sub) digest = Math.imul(digest, 31) + letter.codePointAt(0) | 0;
    try {
      const isNew = sessionStorage.getItem(this.#seen) !== `${digest}`;
      sessionStorage.setItem(this.#seen, `${digest}`);
      return isNew;
    } catch {
      return true; // this tab keeps nothing
    }
  }
}
