// Package oidc is the protocol: OpenID Connect for a public client with the
// authorization code flow and PKCE, as steps without state or timers.
//
// A sign-in is these steps, each a function of this package:
//
//	metadata, err := oidc.FetchMetadata(ctx, transport, issuer)
//	transaction, authorizationURL, err := request.Start(metadata, rand, now)
//	// the End-User's browser visits authorizationURL and comes back
//	callback, err := transaction.ParseCallback(metadata, callbackURL, now)
//	tokens, err := callback.Exchange(ctx, transport, metadata)
//	keys, err := oidc.FetchKeys(ctx, transport, metadata.JWKSURI, false)
//	claims, err := expected.VerifyIDToken(tokens.IDToken, keys, now)
//
// # Specifications
//
// Comments cite sections in one form, such as "OIDC Core 3.1.3.7 step 11".
//
//	OIDC Core        OpenID Connect Core 1.0, errata set 2
//	OIDC Discovery   OpenID Connect Discovery 1.0, errata set 2
//	RP-Initiated Logout  OpenID Connect RP-Initiated Logout 1.0
//	Session Management   OpenID Connect Session Management 1.0
//	Front-Channel Logout OpenID Connect Front-Channel Logout 1.0
//	Back-Channel Logout  OpenID Connect Back-Channel Logout 1.0
//	JARM             JWT Secured Authorization Response Mode for OAuth 2.0
//	RFC 6749         The OAuth 2.0 Authorization Framework
//	RFC 6750         Bearer Token Usage
//	RFC 7009         OAuth 2.0 Token Revocation
//	RFC 7515         JSON Web Signature
//	RFC 7516         JSON Web Encryption
//	RFC 7517         JSON Web Key
//	RFC 7519         JSON Web Token
//	RFC 7636         Proof Key for Code Exchange
//	RFC 7638         JSON Web Key Thumbprint
//	RFC 8414         Authorization Server Metadata
//	RFC 8725         JSON Web Token Best Current Practices
//	RFC 9068         JWT Profile for Access Tokens
//	RFC 9110         HTTP Semantics
//	RFC 9111         HTTP Caching
//	RFC 9126         OAuth 2.0 Pushed Authorization Requests
//	RFC 9207         Authorization Server Issuer Identification
//	RFC 9449         OAuth 2.0 Demonstrating Proof of Possession
//	RFC 9470         OAuth 2.0 Step Up Authentication Challenge Protocol
//	RFC 9700         Best Current Practice for OAuth 2.0 Security
package oidc
