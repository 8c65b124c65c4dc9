package build

import "fmt"

// spaEntries are the names by which apps of oidc-spa import what they need, and
// the scripts that these are here.
var spaEntries = map[string]string{
	"core":       "createoidc.js",
	"core-mock":  "core-mock.js",
	"decode-jwt": "decode-jwt.js",
	"entrypoint": "entrypoint.js",
	"keycloak":   "keycloak.js",
	"react-spa":  "react-spa.js",
}

// notBuilt are entry points of oidc-spa that are not here, and what to use.
var notBuilt = map[string]string{
	"angular":                "use core, in a service of the app",
	"browser-runtime-freeze": "leave it out, as what it protects, sign-ins and requests for tokens, is in a worker, which no script of the page can change",
	"DPoP":                   "leave it out of createOidc(); UserManager of oidcspa binds tokens to a key, with the setting dpop",
	"keycloak-js":            "use core, with createKeycloakUtils() of keycloak",
	"keycloak-js-authz":      "use core, and ask Keycloak for permissions with the access token",
	"nuxt-spa":               "use core, in a plugin of the app for the browser",
	"react-tanstack-start":   "use react-spa, in routes that are rendered in the browser",
	"server":                 "use package resource of the same project, for APIs in Go",
	"token-substitution":     "leave it out; getTokens() gives the tokens themselves, and UserManager.fetch() of oidcspa sends tokens that the page does not have",
}

// refusal is a module in the place of an entry point that is not built. Its
// exports are those of what cannot be there: bundlers, browsers and Node say that
// name when they fail.
func refusal(name, instead string) []asset {
	why := fmt.Sprintf("oidcspa has no %s: %s", name, instead)
	return []asset{
		plain(name+".js", fmt.Appendf(nil, "export * from %q;\n", why)),
		plain(name+".d.ts", fmt.Appendf(nil, "// %s.\nexport {};\n", why)),
	}
}

// vitePlugin is for those who build an app: it is in the package alone.
const vitePlugin = "vite-plugin.js"

// spaExports adds the entry points of oidc-spa to those of the package, so that
// an alias for its name is all that an app needs.
func spaExports(exports map[string]entry) {
	exports["./vite-plugin"] = entry{Types: "./" + typesOf(vitePlugin), Default: "./" + vitePlugin}
	for name, script := range spaEntries {
		exports["./"+name] = exports["./"+script]
	}
	for name := range notBuilt {
		exports["./"+name] = entry{Types: "./" + name + ".d.ts", Default: "./" + name + ".js"}
	}
}
