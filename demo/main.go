// Command demo starts the sample site, its API and a provider to sign in at,
// on this machine alone, and prints where to go.
//
//	go run ./demo
//	PORT=8000 OP_PORT=9000 go run ./demo
//	ISSUER=https://op.example CLIENT_ID=app go run ./demo
//	KEYCLOAK=1 go run ./demo
//
// Environment: PORT and OP_PORT are the ports of the site and of the
// provider; without them, free ones are found. ISSUER and CLIENT_ID use a
// provider of one's own; SCOPE is then what to ask it for, and AUDIENCE what
// its access tokens for the API have as aud. KEYCLOAK=1 starts the Keycloak that
// scripts/keycloak.sh fetches as the provider.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/oidcspa/oidcspa/demo/api"
	"github.com/oidcspa/oidcspa/demo/op"
	"github.com/oidcspa/oidcspa/demo/site"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/resource"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Getenv, os.Stdout, buildAssets)
	if err != nil && ctx.Err() == nil { // else: Ctrl-C while something was under way
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// assetsFunc returns a handler for the client's files; the client may then
// connect to the origins in connect.
type assetsFunc func(ctx context.Context, out io.Writer, connect []string) (http.Handler, error)

// run serves until ctx is done.
func run(ctx context.Context, getenv func(string) string, out io.Writer, assets assetsFunc) error {
	settings, err := parseSettings(getenv)
	if err != nil {
		return err
	}
	var servers group
	defer servers.close()

	listeners, err := listen(settings.port)
	if err != nil {
		return err
	}
	siteURL := servers.add(listeners)
	if settings.keycloak {
		fmt.Fprintln(out, "Starting Keycloak, which takes half a minute ...")
	}
	provider, err := chooseProvider(ctx, settings, siteURL, &servers)
	if err != nil {
		return err
	}
	clientFiles, err := assets(ctx, out, provider.origins)
	if err != nil {
		return err
	}
	hello, err := api.New(api.Config{Issuer: provider.issuer, Audience: provider.audience, Scopes: provider.apiScopes, BaseURL: siteURL})
	if err != nil {
		return err
	}
	handler, err := site.New(site.Config{
		Authority:       provider.issuer,
		ClientID:        provider.clientID,
		Scope:           provider.scope,
		ProviderOrigins: provider.origins,
		APIHandler:      hello,
		Assets:          clientFiles,
	})
	if err != nil {
		return err
	}
	servers.serve(listeners, handler)
	fmt.Fprintf(out, "\n  open      %s/\n%s\nCtrl-C ends it.\n", siteURL, provider.notes)
	return servers.wait(ctx)
}

// A provider is where the site signs in.
type provider struct {
	issuer, clientID, scope, audience string

	apiScopes []string
	origins   []string // of its endpoints
	notes     string   // what the person has to know
}

// chooseProvider uses the provider of the settings, or starts one.
func chooseProvider(ctx context.Context, s settings, siteURL string, servers *group) (*provider, error) {
	if s.issuer != "" {
		return ownProvider(ctx, s, siteURL)
	}
	listeners, err := listen(s.opPort)
	if err != nil {
		return nil, err
	}
	issuer := servers.add(listeners)
	const clientID = "demo-app"
	if s.keycloak {
		return startKeycloak(ctx, clientID, issuer, siteURL, servers, listeners)
	}
	user := op.DemoUser()
	handler, err := op.New(op.Config{
		Issuer: issuer,
		Clients: []op.Client{{
			ID:                     clientID,
			RedirectURIs:           []string{siteURL + "/callback.html", siteURL + "/members/"},
			PostLogoutRedirectURIs: []string{siteURL + "/", siteURL + "/members/"},
			Origins:                []string{siteURL},
		}},
		Users:               []op.User{user},
		Audience:            siteURL + "/api",
		AccessTokenLifetime: 2 * time.Minute, // short, so that renewals are seen
	})
	if err != nil {
		return nil, err
	}
	servers.serve(listeners, handler)
	return &provider{
		issuer:    issuer,
		clientID:  clientID,
		scope:     "openid profile email offline_access api",
		audience:  siteURL + "/api",
		apiScopes: []string{"api"},
		origins:   []string{issuer},
		notes:     fmt.Sprintf("  user      %s\n  password  %s\n\n  provider  %s\n", user.Name, user.Password, issuer),
	}, nil
}

// ownProvider looks at the provider of the settings, so that a mistake in
// ISSUER is told now and not in the browser.
func ownProvider(ctx context.Context, s settings, siteURL string) (*provider, error) {
	metadata, err := oidc.FetchMetadata(ctx, &resource.Transport{}, s.issuer)
	if err != nil {
		return nil, fmt.Errorf("ISSUER=%s cannot be used: %w", s.issuer, err)
	}
	origins, err := endpointOrigins(metadata)
	if err != nil {
		return nil, fmt.Errorf("ISSUER=%s cannot be used: %w", s.issuer, err)
	}
	return &provider{
		issuer:   s.issuer,
		clientID: s.clientID,
		scope:    s.scope,
		audience: s.audience,
		origins:  origins,
		notes: fmt.Sprintf(`
  provider  %s
  client    %s

The provider must have registered for this client, character by character:
  redirect URI              %[3]s/callback.html
  post-logout redirect URI  %[3]s/
  origin (CORS)             %[3]s
and for its second page:
  redirect URI              %[3]s/members/
  post-logout redirect URI  %[3]s/members/
`, s.issuer, s.clientID, siteURL),
	}, nil
}

// A group is the servers that run together: if one fails, all end.
type group struct {
	servers   []*http.Server
	listeners []net.Listener
	ends      []func() // of what else is to end with them
	failed    chan error
}

// add takes charge of listeners and returns their URL.
func (g *group) add(listeners []net.Listener) (url string) {
	g.listeners = append(g.listeners, listeners...)
	return fmt.Sprintf("http://localhost:%d", listeners[0].Addr().(*net.TCPAddr).Port)
}

func (g *group) serve(listeners []net.Listener, handler http.Handler) {
	if g.failed == nil {
		g.failed = make(chan error, 1)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	g.servers = append(g.servers, server)
	for _, l := range listeners {
		go func() {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				select {
				case g.failed <- err:
				default: // the first reason is enough
				}
			}
		}()
	}
}

// wait returns nil when ctx is done, or why a server failed.
func (g *group) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-g.failed:
		return err
	}
}

// close ends the servers, answers under way included.
func (g *group) close() {
	for _, s := range g.servers {
		_ = s.Close() // nobody is left to tell
	}
	for _, l := range g.listeners {
		_ = l.Close()
	}
	for _, end := range g.ends {
		end()
	}
}
