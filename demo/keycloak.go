package main

import (
	"context"
	"fmt"
	"net"

	"github.com/oidcspa/oidcspa/internal/keycloak"
)

// startKeycloak starts Keycloak, with a realm for the site, as the provider at base.
func startKeycloak(ctx context.Context, clientID, base, siteURL string, servers *group, listeners []net.Listener) (*provider, error) {
	server, err := keycloak.Start(ctx)
	if err != nil {
		return nil, err
	}
	servers.ends = append(servers.ends, server.Close)
	audience := siteURL + "/api"
	attributes, mappers := keycloak.API(clientID, audience)
	const realm, user = "demo", "demo"
	err = server.CreateRealm(ctx, keycloak.Realm(realm, []string{user}, keycloak.App(clientID, siteURL, attributes, mappers...)))
	if err != nil {
		return nil, err
	}
	servers.serve(listeners, server.Handler())
	name, password := server.Admin()
	return &provider{
		issuer:   base + "/realms/" + realm,
		clientID: clientID,
		scope:    "openid profile email",
		audience: audience,
		origins:  []string{base},
		notes: fmt.Sprintf("  user      %s\n  password  %s\n\n  provider  %s\n  admin     %s, %s\n",
			user, keycloak.Password, base, name, password),
	}, nil
}
