package keycloak

import "maps"

// An Object is a representation of the admin API.
type Object = map[string]any

// Password is that of all users.
const Password = "password"

// Realm returns one in which users can sign in. Its access tokens live for a minute, and
// refresh tokens are for one use.
func Realm(name string, users []string, clients ...Object) Object {
	realm := Object{
		"realm": name, "enabled": true,
		"accessTokenLifespan": 60, "revokeRefreshToken": true, "refreshTokenMaxReuse": 0,
		"clients": clients,
	}
	var all []Object
	for _, user := range users {
		all = append(all, Object{
			"username": user, "enabled": true,
			"email": user + "@example.test", "emailVerified": true, "firstName": user, "lastName": "Example",
			"credentials": []Object{{"type": "password", "value": Password}},
			"realmRoles":  []string{"default-roles-" + name}, // who registers has them
		})
	}
	realm["users"] = all
	return realm
}

// App returns a client for a single-page app, with what it has beside.
func App(id, origin string, attributes map[string]string, mappers ...Object) Object {
	all := map[string]string{"pkce.code.challenge.method": "S256", "post.logout.redirect.uris": "+"}
	maps.Copy(all, attributes)
	return Object{
		"clientId": id, "publicClient": true,
		"redirectUris": []string{origin + "/*"}, "webOrigins": []string{"+"},
		"attributes": all, "protocolMappers": mappers,
	}
}

// API returns what a client needs for access tokens that package resource takes as
// they are (RFC 9068): the type, the audience, and client_id, which Keycloak leaves out.
func API(clientID, audience string) (attributes map[string]string, mappers []Object) {
	return map[string]string{"access.token.header.type.rfc9068": "true"}, []Object{
		Audience(audience),
		{"name": "client_id", "protocol": "openid-connect", "protocolMapper": "oidc-hardcoded-claim-mapper", "config": map[string]string{
			"claim.name": "client_id", "claim.value": clientID, "jsonType.label": "String", "access.token.claim": "true",
		}},
	}
}

// Audience returns the mapper that puts an audience into access tokens.
func Audience(audience string) Object {
	return Object{"name": "audience", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper", "config": map[string]string{
		"included.custom.audience": audience, "access.token.claim": "true", "lightweight.claim": "true",
	}}
}
