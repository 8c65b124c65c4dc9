// @ts-check
// react-spa: createOidc() for components, loaders and modules.

import { group, signedOut } from "./parts.js";

const { all, row } = group("react", { of: "react-spa", at: "/orders?x=1" });
export const reactSpa = all;

/** The functions for an app; with autoLogin, or a shape of the claims. */
function utilsOf(t, { autoLogin = false, ...shape } = /** @type {any} */ ({})) {
  const { oidcSpa } = t.module, shaped = Object.keys(shape).length ? oidcSpa.withExpectedDecodedIdTokenShape(shape) : oidcSpa;
  return (autoLogin ? shaped.withAutoLogin() : shaped).createUtils();
}

/** The functions for an app whose client has started. */
function started(t, shape, extra) {
  const utils = utilsOf(t, shape);
  void utils.bootstrapOidc({ implementation: "real", ...t.params(extra) });
  return utils;
}

/** Renders what make returns, and returns the place. */
async function render(t, make) {
  const { Component, StrictMode, Suspense, createElement, createRoot, flushSync } = await import("react");
  class Boundary extends Component {
    state = { error: undefined };
    static getDerivedStateFromError(error) {
      return { error };
    }
    render() {
      const { error } = this.state;
      return error ? `failed: ${t.typeOf(error)}` : this.props.children;
    }
  }
  const place = document.body.appendChild(document.createElement("div"));
  const tree = createElement(StrictMode, null, createElement(Boundary, null, createElement(Suspense, { fallback: "waits" }, make(createElement))));
  flushSync(() => createRoot(place, { onCaughtError() {} }).render(tree));
  return place;
}

/** Waits until a place no longer waits, and writes down what it shows. */
async function shows(t, place, name = "page") {
  await t.until(name, () => place.textContent !== "waits");
  t.show(name, place.textContent);
}

/** What components and modules get, without the times. */
const shown = ({ decodedIdToken, ...rest }) => ({ ...rest, ...(decodedIdToken && { sub: decodedIdToken.sub, name: decodedIdToken.name }) });

/** Signs in by what a module gets. */
const signIn = async (t) => {
  const oidc = await started(t).getOidc();
  await t.leave(() => oidc.login());
};

const NOBODY = [], SOMEBODY = [signIn], AS = [["nobody", NOBODY], ["somebody", SOMEBODY]];

for (const [name, before] of AS) {
  row(`bootstrapOidc of ${name}`, {
    parts: [...before, async (t) => {
      const utils = utilsOf(t), params = { implementation: "real", ...t.params() }, one = utils.bootstrapOidc(params);
      t.show("same", one === utils.bootstrapOidc(params));
      await t.attempt("bootstrap", () => one);
      t.show("utils", Object.keys(utils).sort());
    }],
  });
  row(`useOidc of ${name}`, {
    parts: [...before, async (t) => {
      const { useOidc } = started(t), seen = [];
      const place = await render(t, (h) => h(() => { seen.push(useOidc()); return "shown"; }));
      t.show("first", place.textContent);
      await shows(t, place);
      t.show("oidc", shown(seen.at(-1)));
    }],
  });
  row(`useOidc with assert of ${name}`, {
    parts: [...before, async (t) => {
      const { useOidc, bootstrapOidc } = started(t);
      await bootstrapOidc();
      for (const assert of ["user logged in", "user not logged in", "somebody", undefined]) {
        await shows(t, await render(t, (h) => h(() => `${useOidc({ assert }).isUserLoggedIn}`)), `${assert}`);
      }
    }],
  });
  row(`getOidc of ${name}`, {
    parts: [...before, async (t) => {
      const { getOidc } = started(t);
      const oidc = await t.attempt("oidc", () => getOidc(), shown);
      for (const assert of ["user logged in", "user not logged in", undefined]) await t.attempt(`${assert}`, () => getOidc({ assert }), ({ isUserLoggedIn }) => isUserLoggedIn);
      if (!oidc.isUserLoggedIn) return;
      await t.attempt("access token", () => oidc.getAccessToken());
      t.show("claims", [oidc.getDecodedIdToken().sub, oidc.getDecodedIdToken() === oidc.getDecodedIdToken()]);
    }],
  });
  row(`OidcInitializationGate of ${name}`, {
    parts: [...before, async (t) => {
      const { OidcInitializationGate, useOidc, bootstrapOidc } = started(t);
      const Child = () => `${useOidc().isUserLoggedIn}`;
      const gates = [];
      for (const props of [{ fallback: "waits" }, {}, { fallback: null }]) gates.push(await render(t, (h) => h(OidcInitializationGate, props, h(Child))));
      t.show("first", gates.map(({ textContent }) => textContent));
      await bootstrapOidc();
      await t.until("shown", () => gates.every(({ textContent }) => textContent === `${before.length > 0}`));
      await shows(t, await render(t, (h) => h(OidcInitializationGate, { fallback: "waits" }, h(Child))), "later");
    }],
  });
  row(`OidcInitializationErrorGate of ${name}`, {
    parts: [...before, async (t) => {
      const { OidcInitializationErrorGate } = started(t);
      const place = await render(t, (h) => h(OidcInitializationErrorGate, { errorComponent: () => "failed" }, "child"));
      t.show("first", place.textContent);
      await shows(t, place);
    }],
  });
  row(`withLoginEnforced of ${name}`, {
    parts: [...before, async (t) => {
      const { withLoginEnforced, useOidc } = started(t);
      function Account({ word }) {
        return `${word} ${useOidc({ assert: "user logged in" }).decodedIdToken.sub}`;
      }
      const Enforced = withLoginEnforced(Account);
      t.show("name", Enforced.displayName);
      t.show("name of an app's", withLoginEnforced(Object.assign(() => null, { displayName: "Own" })).displayName);
      const page = async () => { const place = await render(t, (h) => h(Enforced, { word: "hello" })); t.show("first", place.textContent); return place; };
      if (before.length) return shows(t, await page());
      await t.leave(async () => { await page(); await t.pause(5000); });
    }, async (t) => {
      const { withLoginEnforced, useOidc } = started(t), Enforced = withLoginEnforced(() => useOidc().decodedIdToken.sub);
      await shows(t, await render(t, (h) => h(Enforced)));
      t.show("entries", t.entries());
      t.show("address", location.pathname + location.search);
    }],
  });
}

// login() and what else leaves the page.
for (const [name, args] of Object.entries({
  "plain": [], "redirectUrl": [{ redirectUrl: "/bye?y=2" }], "extraQueryParams": [{ extraQueryParams: { ui_locales: "fr" } }], "doesCurrentHrefRequiresAuth": [{ doesCurrentHrefRequiresAuth: true }],
})) {
  row(`login ${name}`, {
    parts: [async (t) => {
      const { useOidc } = started(t), seen = [];
      await shows(t, await render(t, (h) => h(() => { seen.push(useOidc()); return "shown"; })));
      await t.leave(() => seen.at(-1).login(...args));
    }, async (t) => { await t.attempt("oidc", () => started(t).getOidc(), shown); t.show("entries", t.entries()); t.show("address", location.pathname + location.search); }],
  });
}
row("login of a button", {
  parts: [async (t) => {
    const { useOidc } = started(t);
    const place = await render(t, (h) => h(() => h("button", { onClick: useOidc().login }, "Sign in")));
    await shows(t, place);
    await t.leave(async () => { place.querySelector("button").click(); await t.pause(5000); });
  }, async (t) => { await t.attempt("oidc", () => started(t).getOidc(), shown); t.show("address", location.pathname + location.search); }],
});
for (const [name, act] of Object.entries({
  "logout home": (oidc) => oidc.logout({ redirectTo: "home" }), "logout current page": (oidc) => oidc.logout({ redirectTo: "current page" }),
  "goToAuthServer": (oidc) => oidc.goToAuthServer({ extraQueryParams: { kc_action: "UPDATE_PASSWORD" } }),
})) {
  row(`useOidc ${name}`, {
    parts: [signIn, async (t) => {
      const { useOidc } = started(t), seen = [];
      await shows(t, await render(t, (h) => h(() => { seen.push(useOidc()); return "shown"; })));
      await t.leave(() => act(seen.at(-1)));
    }, async (t) => { await t.attempt("oidc", () => started(t).getOidc(), shown); t.show("address", location.pathname + location.search); }],
  });
}

// Loaders of routers.
for (const [name, context] of Object.entries({
  "nothing": () => ({}),
  "the request of this page": () => ({ request: new Request(location.href) }),
  "the request of this page with a slash": () => ({ request: { url: `${location.origin}/orders/` } }),
  "the request of another page": () => ({ request: new Request("/bye?y=2") }),
  "the location of this page": () => ({ location: { publicHref: "/orders?x=1", href: "/orders?x=1" }, cause: "enter" }),
  "the location of another page": () => ({ location: { publicHref: "/bye?y=2", href: "/bye?y=2" }, cause: "enter" }),
  "the location of another page below another root": () => ({ location: { publicHref: "/app/bye", href: "/bye" }, cause: "enter" }),
  "the location of an earlier router": () => ({ location: { href: "/bye" }, cause: "enter" }),
  "the request, and a location": () => ({ request: new Request("/bye"), location: { publicHref: "/a", href: "/a" } }),
  "a page that is loaded in advance": () => ({ location: { publicHref: "/bye", href: "/bye" }, cause: "preload" }),
})) {
  row(`enforceLogin with ${name}`, {
    at: "/orders",
    parts: [
      async (t) => { const { enforceLogin } = started(t); await t.leave(() => enforceLogin(context())); },
      async (t) => {
        const { enforceLogin } = started(t);
        await t.attempt("enforced", () => enforceLogin(context()));
        t.show("address", location.pathname + location.search);
        t.show("entries", t.entries());
        history.pushState({ a: 1 }, "", "/pushed");
        t.show("pushed", [location.pathname, history.state]);
      },
    ],
  });
}

// Tokens that change.
row("subscribeToAccessTokenRotation", {
  parts: [signIn, async (t) => {
    const { getOidc } = started(t), oidc = await getOidc(), heard = [];
    const { unsubscribeFromAccessTokenRotation } = oidc.subscribeToAccessTokenRotation((token) => heard.push(token));
    await oidc.renewTokens();
    await oidc.renewTokens();
    unsubscribeFromAccessTokenRotation();
    await oidc.renewTokens();
    t.show("heard", heard);
  }],
});
row("subscribeToDecodedIdTokenChange", {
  parts: [signIn, async (t) => {
    const { getOidc } = started(t), oidc = await getOidc(), heard = [];
    const { unsubscribeFromDecodedIdTokenChange } = oidc.subscribeToDecodedIdTokenChange(({ name }) => heard.push(name));
    await t.provider({ claims: { name: "Other Name" } });
    await oidc.renewTokens();
    unsubscribeFromDecodedIdTokenChange();
    await t.provider({ claims: { name: "Third Name" } });
    await oidc.renewTokens();
    t.show("heard", heard);
  }],
});
row("subscribeToDecodedIdTokenChange of the same claims", {
  parts: [signIn, async (t) => {
    const { getOidc } = started(t, { decodedIdTokenSchema: { parse: ({ sub }) => ({ sub }) } }), oidc = await getOidc(), heard = [];
    oidc.subscribeToDecodedIdTokenChange(({ sub }) => heard.push(sub));
    await oidc.renewTokens();
    t.show("heard", heard);
  }],
});
row("subscribeToAutoLogoutState", {
  parts: [signIn, async (t) => {
    const oidc = await started(t).getOidc(), heard = [];
    const { unsubscribeFromAutoLogoutState } = oidc.subscribeToAutoLogoutState((state) => heard.push(state));
    await t.pause(200);
    unsubscribeFromAutoLogoutState();
    t.show("heard", heard);
  }],
});
row("useOidc of claims that change", {
  parts: [signIn, async (t) => {
    const { useOidc, getOidc } = started(t), rendered = { reads: 0, reads_not: 0 };
    const Reads = () => { rendered.reads++; return useOidc().decodedIdToken.name; };
    const ReadsNot = () => { rendered.reads_not++; return `${useOidc().isUserLoggedIn}`; };
    const [reads, not] = [await render(t, (h) => h(Reads)), await render(t, (h) => h(ReadsNot))];
    await shows(t, reads, "name");
    await shows(t, not, "signed in");
    await t.pause(100);
    const before = { ...rendered };
    await t.provider({ claims: { name: "Other Name" } });
    await (await getOidc()).renewTokens();
    await t.until("changes", () => reads.textContent === "Other Name");
    t.show("rendered anew", [rendered.reads > before.reads, rendered.reads_not > before.reads_not]);
  }],
});

// Shapes of claims.
const SHAPE = { decodedIdTokenSchema: { parse: ({ sub, name }) => ({ sub, initial: name?.[0] }) }, decodedIdToken_mock: { sub: "mock", initial: "M" } };
row("withExpectedDecodedIdTokenShape", {
  parts: [signIn, async (t) => {
    const { getOidc, useOidc } = started(t, SHAPE), oidc = await getOidc();
    t.show("claims", oidc.getDecodedIdToken());
    await shows(t, await render(t, (h) => h(() => JSON.stringify(useOidc().decodedIdToken))));
  }],
});
row("builders", {
  parts: [(t) => {
    const { oidcSpa } = t.module;
    for (const [name, builder] of Object.entries({
      "oidcSpa": oidcSpa, "with autoLogin": oidcSpa.withAutoLogin(), "with a shape": oidcSpa.withExpectedDecodedIdTokenShape(SHAPE), "with both": oidcSpa.withExpectedDecodedIdTokenShape(SHAPE).withAutoLogin(),
    })) {
      t.show(name, builder);
      t.show(`utils ${name}`, builder.createUtils());
    }
    t.show("apart", oidcSpa.createUtils().getOidc !== oidcSpa.createUtils().getOidc);
  }],
});

// Starts that fail, and autoLogin.
const DOWN = { ...signedOut, answers: { discovery: Array(6).fill({ status: 500, body: "down", type: "text/plain" }) } };
row("autoLogin", {
  parts: [async (t) => {
    const { useOidc, getOidc } = started(t, { autoLogin: true });
    await shows(t, await render(t, (h) => h(() => useOidc().decodedIdToken.sub)));
    await t.attempt("oidc", () => getOidc(), shown);
    t.show("address", location.pathname + location.search);
  }],
});
row("autoLogin that fails", {
  script: DOWN,
  parts: [async (t) => {
    const { bootstrapOidc, getOidc, useOidc, withLoginEnforced, OidcInitializationErrorGate, OidcInitializationGate } = started(t, { autoLogin: true });
    const Failed = ({ oidcInitializationError: error }) => `${t.typeOf(error)} ${error.isAuthServerLikelyDown}`, Enforced = withLoginEnforced(() => "child");
    await shows(t, await render(t, (h) => h(OidcInitializationErrorGate, { errorComponent: Failed }, h(() => useOidc().issuerUri))), "gate");
    await t.attempt("bootstrap", () => bootstrapOidc());
    await t.stays("oidc", () => getOidc());
    await shows(t, await render(t, (h) => h(() => useOidc().issuerUri)), "component");
    await shows(t, await render(t, (h) => h(Enforced)), "enforced");
    await shows(t, await render(t, (h) => h(OidcInitializationGate, { fallback: "waits" }, "child")), "initialized");
  }],
});
row("a start that fails", {
  parts: [signIn, async (t) => { await started(t).bootstrapOidc(); await t.provider(DOWN); await t.restart("/bye"); }, async (t) => {
    const { useOidc, OidcInitializationErrorGate } = started(t);
    await shows(t, await render(t, (h) => h(() => `${useOidc().isUserLoggedIn} ${t.typeOf(useOidc().initializationError)}`)));
    await shows(t, await render(t, (h) => h(OidcInitializationErrorGate, { errorComponent: () => "failed" }, "child")), "gate");
  }],
});
row("parameters that are wrong", {
  parts: [async (t) => {
    const { bootstrapOidc, useOidc } = utilsOf(t);
    await t.attempt("bootstrap", () => bootstrapOidc({ implementation: "real", ...t.params({ issuerUri: "" }) }), undefined, 1000);
    const place = await render(t, (h) => h(() => `${useOidc().isUserLoggedIn}`));
    await t.pause(100);
    t.show("page", place.textContent);
  }],
});

// The mock.
const MOCK = { implementation: "mock", isUserInitiallyLoggedIn: true, issuerUri_mock: "https://kc.example/realms/shop", clientId_mock: "app" };
function mocks(name, params, { shape = {}, ...scenario } = /** @type {any} */ ({})) {
  row(`mock ${name}`, {
    parts: [async (t) => {
      const utils = utilsOf(t, shape);
      await t.attempt("bootstrap", () => utils.bootstrapOidc({ ...MOCK, ...params }));
      const oidc = await t.attempt("oidc", () => utils.getOidc(), shown);
      if (oidc?.isUserLoggedIn) {
        t.call("claims", () => ({ ...oidc.getDecodedIdToken(), sub: oidc.getDecodedIdToken().sub }));
        await t.attempt("access token", () => oidc.getAccessToken());
      }
      await shows(t, await render(t, (h) => h(() => { const oidc = utils.useOidc(); return oidc.isUserLoggedIn ? `${oidc.decodedIdToken.sub}` : "nobody"; })));
      t.show("address", location.pathname + location.search);
    }],
    ...scenario,
  });
}
mocks("somebody", { decodedIdToken_mock: { sub: "ada" } });
mocks("somebody of the shape", {}, { shape: SHAPE });
mocks("somebody before that of the shape", { decodedIdToken_mock: { sub: "ada" } }, { shape: SHAPE });
mocks("somebody without claims", {});
mocks("nobody", { isUserInitiallyLoggedIn: false });
mocks("autoLogin somebody", { decodedIdToken_mock: { sub: "ada" } }, { shape: { autoLogin: true } });
for (const [method, args] of [["login", {}], ["login", { redirectUrl: "/bye?y=2" }]]) {
  row(`mock ${method} ${JSON.stringify(args)}`, {
    parts: [async (t) => {
      const { bootstrapOidc, getOidc } = utilsOf(t, SHAPE);
      void bootstrapOidc({ ...MOCK, isUserInitiallyLoggedIn: false });
      const oidc = await getOidc();
      await t.leave(() => oidc[method](args));
    }, async (t) => {
      const { bootstrapOidc, getOidc } = utilsOf(t, SHAPE);
      void bootstrapOidc({ ...MOCK, isUserInitiallyLoggedIn: false });
      const oidc = await t.attempt("oidc", () => getOidc(), shown);
      t.show("address", location.pathname + location.search);
      await t.leave(() => oidc.logout({ redirectTo: "home" }));
    }, async (t) => {
      const { bootstrapOidc, getOidc } = utilsOf(t, SHAPE);
      void bootstrapOidc(MOCK);
      await t.attempt("oidc", () => getOidc(), shown);
      t.show("address", location.pathname + location.search);
    }],
  });
}
row("mock withLoginEnforced", {
  parts: [async (t) => {
    const { bootstrapOidc, withLoginEnforced } = utilsOf(t, SHAPE), Enforced = withLoginEnforced(() => "child");
    void bootstrapOidc({ ...MOCK, isUserInitiallyLoggedIn: false });
    await t.leave(async () => { await render(t, (h) => h(Enforced)); await t.pause(5000); });
  }, async (t) => {
    const { bootstrapOidc, withLoginEnforced } = utilsOf(t, SHAPE), Enforced = withLoginEnforced(() => "child");
    void bootstrapOidc({ ...MOCK, isUserInitiallyLoggedIn: false });
    await shows(t, await render(t, (h) => h(Enforced)));
  }],
});
row("mock enforceLogin", {
  parts: [async (t) => {
    const { bootstrapOidc, enforceLogin } = utilsOf(t, SHAPE);
    void bootstrapOidc({ ...MOCK, isUserInitiallyLoggedIn: false });
    await t.leave(() => enforceLogin({ request: new Request("/bye?y=2") }));
  }, async (t) => {
    const { bootstrapOidc, enforceLogin } = utilsOf(t, SHAPE);
    void bootstrapOidc({ ...MOCK, isUserInitiallyLoggedIn: false });
    await t.attempt("enforced", () => enforceLogin({ request: new Request("/bye?y=2") }));
    t.show("address", location.pathname + location.search);
  }],
});
