// @ts-check
// Parts that many scenarios have.

/** Nobody is signed in at the provider, until somebody enters a password. */
export const signedOut = { signedOut: true };

/** Signs in from the page. */
export const signIn = async (t) => {
  const oidc = await t.open();
  await t.leave(() => oidc.login());
};

/** Shows what createOidc() gives. */
export const start = async (t) => { await t.start(); };

/** Shows what createOidc() gives, and the tokens. */
export const startWithTokens = async (t) => {
  const oidc = await t.start();
  if (oidc?.isUserLoggedIn) await t.tokens(oidc);
};

/** Shows who is signed in, and where. */
export const who = async (t, name = "who") => {
  await t.attempt(name, () => t.core.createOidc(t.params()), (oidc) => ({ isUserLoggedIn: oidc.isUserLoggedIn, failed: t.typeOf(oidc.initializationError), down: oidc.initializationError?.isAuthServerLikelyDown }));
  t.show("address", location.pathname + location.search + location.hash);
};

/** Goes to another page of the app, in a browser in which no program is left. */
export const restart = (address) => (t) => t.restart(address);

/** Takes a group of scenarios that begin with the same word. */
export function group(word, defaults = {}) {
  const all = [];
  const row = (name, scenario) => { all.push([`${word} ${name}`, { script: signedOut, at: "/orders", ...defaults, ...scenario }]); };
  return { all, row };
}
