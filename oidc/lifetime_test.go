package oidc

import (
	"testing"
	"time"
)

func TestKeysLifetime(t *testing.T) {
	tests := []struct {
		name, cacheControl, age string
		want                    time.Duration
	}{
		{"nothing said", "", "", time.Hour},
		{"public alone", "public", "", time.Hour},
		{"max-age", "max-age=600", "", 10 * time.Minute},
		{"max-age among others", "public, max-age=600, must-revalidate", "", 10 * time.Minute},
		{"max-age in upper case", "Max-Age=600", "", 10 * time.Minute},
		{"max-age quoted", `max-age="600"`, "", 10 * time.Minute},
		{"max-age inside a quoted string", `private="x, max-age=600"`, "", time.Hour},
		{"behind an escaped quote", `private="\", max-age=60", max-age=600`, "", 10 * time.Minute},
		{"s-maxage is for shared caches", "s-maxage=600", "", time.Hour},
		{"less the age", "max-age=600", "60", 9 * time.Minute},
		{"older than max-age", "max-age=600", "900", time.Minute},
		{"age twice", "max-age=600", "60, 300", 9 * time.Minute},
		{"age not a number", "max-age=600", "x", 10 * time.Minute},
		{"age without max-age", "", "900", time.Hour},
		{"max-age zero", "max-age=0", "", time.Minute},
		{"max-age below the bound", "max-age=59", "", time.Minute},
		{"max-age at the bound", "max-age=86400", "", 24 * time.Hour},
		{"max-age above the bound", "max-age=86401", "", 24 * time.Hour},
		{"max-age overflows", "max-age=99999999999999999999", "", 24 * time.Hour},
		{"max-age overflows, old", "max-age=99999999999999999999", "99999999999999999999", time.Minute},
		{"max-age negative", "max-age=-1", "", time.Minute},
		{"max-age a fraction", "max-age=600.5", "", time.Minute},
		{"max-age empty", "max-age", "", time.Minute},
		{"max-age twice", "max-age=600, max-age=1200", "", 10 * time.Minute},
		{"no-store", "no-store", "", time.Minute},
		{"no-store wins", "max-age=600, no-store", "", time.Minute},
		{"no-cache", "no-cache, max-age=600", "", time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			const uri = testIssuer + "/jwks"
			transport := fakeTransport{"GET " + uri: func(*Request) (*Response, error) {
				return &Response{Status: 200, Body: []byte(jwks(t, publicJWK(t, "ed"))), Header: map[string]string{
					"content-type": "application/json", "cache-control": tt.cacheControl, "age": tt.age,
				}}, nil
			}}
			keys, err := FetchKeys(t.Context(), transport, uri, false)
			if err != nil || keys.Lifetime != tt.want {
				t.Errorf("lifetime = %v, error = %v, want %v", keys.Lifetime, err, tt.want)
			}
		})
	}
}

// imfFixdate is the form of a date that servers send (RFC 9110 5.6.7), as
// package time writes it.
const imfFixdate = "Mon, 02 Jan 2006 15:04:05 GMT"

func TestHTTPDate(t *testing.T) {
	at := time.Date(1994, time.November, 6, 8, 49, 37, 0, time.UTC)
	for range 500 { // all months, days of the week and lengths of a month
		text := at.Format(imfFixdate)
		if got, ok := httpDate(text); !ok || !got.Equal(at) {
			t.Errorf("%s: %v, %v", text, got, ok)
		}
		at = at.Add(31*time.Hour + 7*time.Minute + 11*time.Second)
	}
	for _, text := range []string{
		"", "Sun", "Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
		"Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z", "Sun,  6 Nov 1994 08:49:37 GMT",
		"unM, 06 Nov 1994 08:49:37 GMT", "Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, 06 anF 1994 08:49:37 GMT", "Sun, 06 Xyz 1994 08:49:37 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT", "Wed, 31 Nov 1994 08:49:37 GMT", "Tue, 29 Feb 2100 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:60 GMT",
		"Sun, 06 Nov 1994 08:49:3x GMT", "Sun, 06 Nov 1994 08-49-37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov -994 08:49:37 GMT",
	} {
		if got, ok := httpDate(text); ok {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
