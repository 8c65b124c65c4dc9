// What an app of oidc-client-ts does in Node while a server renders it, or in
// its tests. Each way to load the package has to bear it, and Node has to end
// by itself afterwards: nothing is left that waits, and nothing is rejected.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

const settings = { authority: "https://op.example", client_id: "app", redirect_uri: "https://app.example/cb" };
const extras = [{}, { monitorSession: true, monitorAnonymousSession: true }, { idle: { timeoutInSeconds: 60 } }, { fetch: { allow: ["https://api.example"] } }];

async function use({ InMemoryWebStorage, Log, OidcClient, OIDCError, User, UserManager, WebStorageStateStore }) {
  Log.setLevel(Log.WARN);
  for (const extra of extras) {
    const manager = new UserManager({ ...settings, ...extra, userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }) });
    let told = null;
    const remove = manager.events.addUserLoaded((user) => { told = user; });
    const user = new User({ access_token: "a", token_type: "Bearer", profile: { sub: "somebody" } });
    await manager.events.load(user);
    remove();
    assert.equal(told, user);
    assert.equal(await manager.getUser(), null);
    await manager.removeUser();
    await manager.clearStaleState();
    manager.startSilentRenew();
    manager.stopSilentRenew();
    await assert.rejects(manager.signinSilent());
    // By this Vue knows what it must not wrap in a Proxy.
    assert.equal(Object.prototype.toString.call(manager), "[object UserManager]");
  }
  assert.ok(new OidcClient(settings).settings.metadataUrl);
  assert.ok(new OIDCError("text", { code: "timeout" }) instanceof Error);
}

await use(await import("oidcspa"));
await use(require("oidcspa"));
await use(require("./bundle.cjs").bundle);
