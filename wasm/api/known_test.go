//go:build known && !js

package api

import (
	"testing"

	"github.com/oidcspa/oidcspa/oidc"
)

// A list of tenants that is there and empty names nobody: it is refused, or lets nobody in,
// but is not "all". An app whose list comes out of a configuration that was not found has
// one.
func TestKnownNoTenants(t *testing.T) {
	const tenant = "9188040d-6c67-4c5b-b112-36a304b66dad"
	w := newWorld(t)
	w.op.Issuer, w.op.Tenant = w.op.Issuer+"/common", tenant
	w.settings["authority"] = w.op.Issuer
	w.connect().mustFail("open", object{"version": Version, "settings": w.with("allowed_tenants", []string{})}, oidc.ErrInvalidConfig)
}
