package oidc

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestTransactionEncode(t *testing.T) {
	maxAge := int64(0)
	full := goodTransaction()
	full.MaxAge, full.ResponseMode, full.Thumbprint = &maxAge, "fragment", "thumbprint-1"
	for name, tx := range map[string]*Transaction{"least": goodTransaction(), "full": full} {
		t.Run(name, func(t *testing.T) {
			data, err := tx.Encode()
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "transaction-"+name+".golden", string(data)+"\n")
			decoded, err := DecodeTransaction(data)
			if err != nil || !reflect.DeepEqual(decoded, tx) {
				t.Errorf("decoded %+v with error %v, want %+v", decoded, err, tx)
			}
		})
	}
}

func TestDecodeTransaction(t *testing.T) {
	data, err := goodTransaction().Encode()
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	tests := []struct {
		name     string
		old, new string
		want     error
	}{
		{"valid", ``, ``, nil},
		{"empty", good, ``, ErrStateUnknown},
		{"null", good, `null`, ErrStateUnknown},
		{"not JSON", `{`, `[`, ErrStateUnknown},
		{"trailing data", `}`, `}{}`, ErrStateUnknown},
		{"state missing", `"state":"` + testState + `",`, ``, ErrStateUnknown},
		{"state empty", testState, ``, ErrStateUnknown},
		{"nonce empty", testNonce, ``, ErrStateUnknown},
		{"code_verifier empty", testVerifier, ``, ErrStateUnknown},
		{"issuer empty", testIssuer, ``, ErrStateUnknown},
		{"client_id empty", `"` + testClientID + `"`, `""`, ErrStateUnknown},
		{"redirect_uri empty", testRedirectURI, ``, ErrStateUnknown},
		{"an unknown member", `{`, `{"admin":true,`, ErrStateUnknown},
		{"a member twice", `{`, `{"state":"x",`, ErrStateUnknown},
		{"a member in another case", `"state"`, `"State"`, ErrStateUnknown},
		{"created_at a string", `"created_at":`, `"created_at":"1","x":`, ErrStateUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			edited := strings.Replace(good, tt.old, tt.new, 1)
			if (edited == good) != (tt.want == nil) {
				t.Fatal("the edit does nothing")
			}
			tx, err := DecodeTransaction([]byte(edited))
			checkError(t, err, tt.want)
			if (tx == nil) != (err != nil) {
				t.Errorf("transaction = %v with error %v", tx, err)
			}
		})
	}
}

func TestCallbackState(t *testing.T) {
	tests := []struct {
		name, url string
		want      error
	}{
		{"6749-4.1.2 in the query", goodCallback, nil},
		{"6749-4.1.2.1 an error", testRedirectURI + "?error=access_denied&state=" + testState, nil},
		{"6749-4.1.2 beside parameters of the app", testRedirectURI + "?tab=1&tab=2&code=c&state=" + testState, nil},
		{"6749-4.1.2 before a route", testRedirectURI + "?code=c&state=" + testState + "#/home?tab=1", nil},
		{"multiple-2.1 in the fragment", testRedirectURI + "#code=c&state=" + testState, nil},
		{"multiple-2.1 in the fragment beside a query", testRedirectURI + "?tab=1#code=c&state=" + testState, nil},
		{"multiple-2.1 behind a hash route", testRedirectURI + "#/signed-in?code=c&state=" + testState, nil},
		{"multiple-2.1 in the fragment with a question mark", testRedirectURI + "#error=e&error_uri=https://x/?y&state=" + testState, nil},
		{"multiple-2.1 in the fragment, beside a code of the app", testRedirectURI + "?code=PROMO50#code=c&state=" + testState, nil},
		{"multiple-2.1 in the fragment, beside an error of the app", testRedirectURI + "?error=404#code=c&state=" + testState, nil},
		{"multiple-2.1 in the fragment, beside a query that is none", testRedirectURI + "?code=%5#code=c&state=" + testState, nil},
		{"6749-4.1.2 in the query, before an error of the app", testRedirectURI + "?code=c&state=" + testState + "#/home?error=404&state=CA", nil},
		{"6749-4.1.2 no response", testRedirectURI, ErrCallbackMissing},
		{"6749-4.1.2 a route only", testRedirectURI + "?tab=1#/home?tab=2", ErrCallbackMissing},
		{"6749-4.1.2 state without code", testRedirectURI + "?state=" + testState, ErrCallbackMissing},
		{"6749-4.1.2 code in upper case", testRedirectURI + "?CODE=c&state=" + testState, ErrCallbackMissing},
		{"6749-4.1.2 empty", "", ErrCallbackMissing},
		{"6749-10.12 state missing", testRedirectURI + "?code=c", ErrStateMismatch},
		{"6749-10.12 state missing from a refusal", testRedirectURI + "?error=invalid_scope", ErrProvider},
		{"6749-10.12 state empty in a refusal in the fragment", testRedirectURI + "#error=invalid_scope&state=", ErrProvider},
		{"6749-10.12 state missing from a refusal beside a code", testRedirectURI + "?error=invalid_scope&code=c", ErrStateMismatch},
		{"6749-10.12 state missing from a refusal that is a text", testRedirectURI + "?error=Call+5550100", ErrStateMismatch},
		{"6749-10.12 state empty", testRedirectURI + "?code=c&state=", ErrStateMismatch},
		{"6749-3.1 state twice", goodCallback + "&state=" + testState, ErrCallbackMalformed},
		{"6749-3.1 code twice", goodCallback + "&code=c", ErrCallbackMalformed},
		{"6749-3.1 code twice in the fragment", testRedirectURI + "#code=c&code=c&state=" + testState, ErrCallbackMalformed},
		{"6749-4.1.2 half an escape", testRedirectURI + "?code=%5&state=" + testState, ErrCallbackMalformed},
		{"6749-4.1.2 not a URL", "https://app.example:port/?code=c", ErrCallbackMalformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			state, err := CallbackState(tt.url)
			checkError(t, err, tt.want)
			if want := Secret(testState); err == nil && state != want || err != nil && state != "" {
				t.Errorf("state = %q with error %v", state.Reveal(), err)
			}
		})
	}
}

// A state of ours counts, whatever the app has under that name in the other part.
func TestCallbackStateBesideTheApps(t *testing.T) {
	drawn := Secret(strings.Repeat("aA-_", 10) + "aAA")
	for _, address := range []string{
		"?code=PROMO50&state=CA#code=c&state=%s", "?error=404&state=CA#/home?code=c&state=%s",
		"?code=c&state=%s#/home?code=PROMO50&state=CA", "?code=c&state=%s#error=404&error=404",
	} {
		if state, err := CallbackState(testRedirectURI + strings.Replace(address, "%s", drawn.Reveal(), 1)); err != nil || state != drawn {
			t.Errorf("CallbackState(%s) = %q, %v", address, state.Reveal(), err)
		}
	}
}

// callbackCases change one thing of a good transaction, its metadata and its
// callback URL.
var callbackCases = []struct {
	name string
	edit func(tx *Transaction, m *Metadata, url *string)
	want error
}{
	{"4.1.2 valid", func(*Transaction, *Metadata, *string) {}, nil},
	{"4.1.2 unknown parameters, some twice", add("&x=1&x=2"), nil},
	{"4.1.2 a long code", replace(testCode, testCode+strings.Repeat("x", 5000)), nil},
	{"4.1.2 no response", replace(goodCallback, testRedirectURI), ErrCallbackMissing},
	{"4.1.2 code missing", replace("code="+testCode+"&", ""), ErrCallbackMissing},
	{"4.1.2 code empty", replace(testCode, ""), ErrCallbackMalformed},
	{"4.1.2 not a URL", replace("https://app", "https://app:port"), ErrCallbackMalformed},
	{"4.1.2 half an escape", add("&x=%5"), ErrCallbackMalformed},
	{"4.1.2 in the fragment, unasked", replace("?", "#"), ErrCallbackMalformed},
	{"3.1 code twice", add("&code=" + testCode), ErrCallbackMalformed},
	{"3.1 state twice", add("&state=" + testState), ErrCallbackMalformed},
	{"3.1 iss twice", add("&iss=https%3A%2F%2Fop.example"), ErrCallbackMalformed},
	{"3.1 session_state twice", add("&session_state=a&session_state=b"), ErrCallbackMalformed},

	{"10.12 state missing", replace("&state="+testState, ""), ErrStateMismatch},
	{"10.12 state empty", replace(testState, ""), ErrStateMismatch},
	{"10.12 another state", replace(testState, testState+"x"), ErrStateMismatch},
	{"10.12 state in another case", replace(testState, "S3cr3t-state"), ErrStateMismatch},
	{"10.12 state missing on both sides", func(tx *Transaction, _ *Metadata, url *string) {
		tx.State = ""
		*url = strings.Replace(*url, "state="+testState, "state=", 1)
	}, ErrStateMismatch},
	{"10.12 another state on an error", replace("?code="+testCode+"&state=", "?error=access_denied&state=x"), ErrStateMismatch},

	{"10.12 state missing from an error", replace("?code="+testCode+"&state="+testState, "?error=access_denied"), ErrProvider},
	{"10.12 state missing from an error beside a code", replace("&state="+testState, "&error=access_denied"), ErrStateMismatch},

	{"9207-2.4 iss missing though promised", replace("&iss=https%3A%2F%2Fop.example", ""), ErrIssuerMismatch},
	{"9207-2.4 iss missing, not promised", func(_ *Transaction, m *Metadata, url *string) {
		m.AuthorizationResponseIssParameterSupported = false
		*url = strings.Replace(*url, "&iss=https%3A%2F%2Fop.example", "", 1)
	}, nil},
	{"9207-2.4 another iss, not promised", func(_ *Transaction, m *Metadata, url *string) {
		m.AuthorizationResponseIssParameterSupported = false
		*url = strings.Replace(*url, "op.example", "evil.example", 1)
	}, ErrIssuerMismatch},
	{"9207-2.4 another iss", replace("op.example", "evil.example"), ErrIssuerMismatch},
	{"9207-2.4 iss empty", replace("iss=https%3A%2F%2Fop.example", "iss="), ErrIssuerMismatch},
	{"9207-2.4 iss with a trailing slash", add("%2F"), ErrIssuerMismatch},
	{"9207-2.4 another iss on an error", func(_ *Transaction, _ *Metadata, url *string) {
		*url = testRedirectURI + "?error=access_denied&state=" + testState + "&iss=https%3A%2F%2Fevil.example"
	}, ErrIssuerMismatch},
	{"9207-2.4 iss missing on an error", func(_ *Transaction, _ *Metadata, url *string) {
		*url = testRedirectURI + "?error=access_denied&state=" + testState
	}, ErrIssuerMismatch},
	{"9700-4.4.2.2 at another path", replace(testRedirectURI, testRedirectURI+"2"), ErrRedirectURIMismatch},
	{"9700-4.4.2.2 at another path, an error", replace(testRedirectURI+"?code=", testRedirectURI+"2?error="), ErrRedirectURIMismatch},
	{"9700-4.4.2.2 at another origin", replace("https://app", "https://other"), ErrRedirectURIMismatch},
	{"9700-4.4.2.2 without the own query", func(tx *Transaction, _ *Metadata, _ *string) { tx.RedirectURI += "?op=1" }, ErrRedirectURIMismatch},
	{"9700-4.4.2.2 without .html", func(tx *Transaction, _ *Metadata, _ *string) { tx.RedirectURI += ".html" }, nil},
	{"9700-4.4.2.2 without the last slash", func(tx *Transaction, _ *Metadata, _ *string) { tx.RedirectURI += "/" }, nil},
	{"9700-4.4.2 metadata of another provider", func(_ *Transaction, m *Metadata, _ *string) {
		m.Issuer = "https://evil.example"
	}, ErrIssuerMismatch},

	{"4.1.2 the last second", func(tx *Transaction, _ *Metadata, _ *string) { tx.CreatedAt -= 15 * 60 }, nil},
	{"4.1.2 a second too late", func(tx *Transaction, _ *Metadata, _ *string) { tx.CreatedAt -= 15*60 + 1 }, ErrTransactionExpired},
	{"4.1.2 an error too late", func(tx *Transaction, _ *Metadata, url *string) {
		tx.CreatedAt -= 15*60 + 1
		*url = strings.Replace(*url, "code=", "error=", 1)
	}, ErrTransactionExpired},

	{"multiple-2.1 in the fragment", func(tx *Transaction, _ *Metadata, url *string) {
		tx.ResponseMode = "fragment"
		*url = strings.Replace(*url, "?", "#", 1)
	}, nil},
	{"multiple-2.1 behind a hash route", func(tx *Transaction, _ *Metadata, url *string) {
		tx.ResponseMode = "fragment"
		*url = strings.Replace(*url, "?", "#/signed-in?", 1)
	}, nil},
	{"multiple-2.1 in the query though the fragment was asked for", func(tx *Transaction, _ *Metadata, _ *string) {
		tx.ResponseMode = "fragment"
	}, ErrCallbackMalformed},
	{"4.1.2.1 an error without description", replace("code="+testCode, "error=access_denied"), ErrProvider},
	{"4.1.2.1 an error and a code", add("&error=access_denied"), ErrProvider},
	{"4.1.2.1 an empty error", replace("code="+testCode, "error="), ErrProvider},
}

// What is in the other part of the address is no missing response.
func TestResponseInAnotherPlace(t *testing.T) {
	for mode, want := range map[string]string{
		"fragment": "response_mode asked for the fragment, and the response is in the query",
		"query":    "the response is in the fragment, and the query was asked for",
	} {
		separator := map[string]string{"fragment": "?", "query": "#"}[mode]
		callback := testRedirectURI + separator + "code=c&state=" + testState
		tx := &Transaction{Issuer: testIssuer, RedirectURI: testRedirectURI, ResponseMode: mode, State: testState}
		if _, err := tx.ParseCallback(goodMetadata(t), callback, noon); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error = %v, want %q", mode, err, want)
		}
	}
}

func add(suffix string) func(*Transaction, *Metadata, *string) {
	return func(_ *Transaction, _ *Metadata, url *string) { *url += suffix }
}

func replace(from, to string) func(*Transaction, *Metadata, *string) {
	return func(_ *Transaction, _ *Metadata, url *string) { *url = strings.Replace(*url, from, to, 1) }
}

func TestParseCallback(t *testing.T) {
	for _, tt := range callbackCases {
		t.Run(tt.name, func(t *testing.T) {
			tx, m, url := goodTransaction(), goodMetadata(t), goodCallback
			tt.edit(tx, m, &url)
			callback, err := tx.ParseCallback(m, url, noon)
			checkError(t, err, tt.want)
			if (callback == nil) != (err != nil) {
				t.Fatalf("callback = %v with error %v", callback, err)
			}
			if callback != nil && (!strings.HasPrefix(callback.code.Reveal(), testCode) || callback.tx != tx) {
				t.Error("the callback has another code or transaction")
			}
		})
	}
}

func TestParseCallbackSessionState(t *testing.T) {
	callback, err := goodTransaction().ParseCallback(goodMetadata(t), goodCallback+"&session_state=a.b", noon)
	if err != nil || callback.SessionState != "a.b" {
		t.Errorf("callback = %v, error = %v", callback, err)
	}
}

// What else a response says is the app's to know: less what the redirect URI has.
func TestParseCallbackParameters(t *testing.T) {
	tx := goodTransaction()
	tx.RedirectURI += "?tenant=a"
	url := strings.Replace(goodCallback, "?", "?tenant=a&", 1)
	for more, want := range map[string]map[string]string{
		"": nil, "&session_state=s": nil,
		"&kc_action=UPDATE_PASSWORD&kc_action_status=cancelled": {"kc_action": "UPDATE_PASSWORD", "kc_action_status": "cancelled"},
		"&x=1&x=2": {"x": "1"},
	} {
		callback, err := tx.ParseCallback(goodMetadata(t), url+more, noon)
		if err != nil {
			t.Errorf("%s: %v", more, err)
		} else if !reflect.DeepEqual(callback.Parameters, want) {
			t.Errorf("%s: %v, want %v", more, callback.Parameters, want)
		}
	}
}

func TestParseCallbackProviderError(t *testing.T) {
	url := testRedirectURI + "?error=login_required&error_description=%3Cb%3E" + mark + "&error_uri=https%3A%2F%2Fop.example%2F" + mark +
		"&state=" + testState + "&iss=https%3A%2F%2Fop.example"
	_, err := goodTransaction().ParseCallback(goodMetadata(t), url, noon.Add(time.Minute))
	checkError(t, err, ErrProvider)
	var refusal *ProviderError
	want := ProviderError{
		Endpoint:    "authorization",
		ErrorCode:   "login_required",
		Description: "<b>" + mark,
		URI:         "https://op.example/" + mark,
	}
	if !errors.As(err, &refusal) || *refusal != want {
		t.Errorf("error = %#v", refusal)
	}
}
