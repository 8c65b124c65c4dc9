//go:build !js

package api

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/oidcspa/oidcspa/jsonrpc"
	"github.com/oidcspa/oidcspa/oidc"
	"github.com/oidcspa/oidcspa/oidc/oidctest"
)

// Azure AD B2C does not publish below its issuer: metadataUrl alone says where. Whoever has
// neither the one nor the other right is told so: by the first error, or by what follows from
// doing what it says.
func TestAuthorityThatPublishesElsewhere(t *testing.T) {
	profiles := oidctest.Profiles()
	at := slices.IndexFunc(profiles, func(p oidctest.Profile) bool { return p.Name == "Azure AD B2C with an API scope" })
	p := &profiles[at]
	w := newWorld(t)
	p.Play(w.op)
	w.transport.Fail = func(req *oidc.Request) error { // a browser sees this of a 404 without CORS
		if strings.HasPrefix(req.URL, w.op.Issuer) && strings.HasSuffix(req.URL, "/openid-configuration") {
			return oidc.ErrCORSRefused
		}
		return nil
	}
	var told []string
	for _, authority := range []string{strings.TrimSuffix(w.op.Address(p.MetadataURL), "/.well-known/openid-configuration"), w.op.Issuer} {
		w.settings["authority"] = authority
		tab := w.connect()
		tab.must("open", object{"version": Version, "settings": w.settings}, nil)
		var answer *jsonrpc.Error
		if err := tab.call(redirect, nil, nil); !errors.As(err, &answer) {
			t.Fatalf("with %s: %v", authority, err)
		}
		told = append(told, answer.Message)
	}
	if !strings.Contains(strings.Join(told, " "), "metadataUrl") {
		t.Errorf("no error names metadataUrl:\n%s", strings.Join(told, "\n"))
	}
}
