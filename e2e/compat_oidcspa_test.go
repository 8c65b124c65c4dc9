//go:build !js

package e2e

import (
	"bytes"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/evanw/esbuild/pkg/api"
)

// theirSPA is where npm's oidc-spa has its modules.
const theirSPA = "compat/node_modules/oidc-spa/esm"

// theirEntries are the modules of it that the scenarios import.
var theirEntries = []string{"entrypoint.mjs", "core/index.mjs", "core-mock.mjs", "decode-jwt.mjs", "keycloak/index.mjs", "react-spa/index.mjs"}

// reactModule is what both clients and the scenarios import from React, as one module.
const reactModule = `
export { Component, StrictMode, Suspense, createElement, useEffect, useReducer, useState, useSyncExternalStore } from "react";
export { createRoot } from "react-dom/client";
export { flushSync } from "react-dom";`

// TestCompatSPA is TestCompat with npm's oidc-spa and createOidc: scenarios of e2e/compat/oidcspa over whole pages, with
// the early script of each client.
func TestCompatSPA(t *testing.T) {
	s := openSuite(t, "compat/oidcspa", filepath.Join(theirSPA, theirEntries[0]))
	s.slow, s.empty, s.atOnce = regexp.MustCompile("^clock "), "empty.html", 3
	s.slowAtOnce = 10 // one batch
	s.oneIn = 3
	ours, theirs, react := http.StripPrefix("/oidcspa", s.assets), bundleOf(t, theirSPA, theirEntries), bundleReact(t)
	s.app = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case strings.HasPrefix(path, "/oidcspa/"):
			ours.ServeHTTP(w, r)
		case strings.HasPrefix(path, "/theirs/"):
			http.ServeContent(w, r, path, time.Time{}, bytes.NewReader(theirs[path]))
		case path == "/react.js":
			http.ServeContent(w, r, path, time.Time{}, bytes.NewReader(react))
		case path == "/between":
			http.ServeFile(w, r, filepath.Join(s.folder, "between.html"))
		case strings.HasPrefix(path, "/policy/"): // the one that the scenario has put into a cookie
			if c, err := r.Cookie("policy"); err == nil {
				value, _ := url.PathUnescape(c.Value)
				w.Header().Set("Content-Security-Policy", value)
			}
			w.Header().Set("Cache-Control", "no-store")
			fallthrough
		default:
			http.ServeFile(w, r, filepath.Join(s.folder, "page.html"))
		}
	})
	s.run(t)
}

// bundleOf puts the modules of a folder that belong to some of them into a few files below /theirs: each page loads them.
func bundleOf(t *testing.T, folder string, entries []string) map[string][]byte {
	t.Helper()
	root, err := filepath.Abs(folder)
	if err != nil {
		t.Fatal(err)
	}
	out := api.Build(api.BuildOptions{
		AbsWorkingDir: root,
		EntryPoints:   entries,
		Outbase:       root,
		Outdir:        root,
		OutExtension:  map[string]string{".js": ".mjs"},
		Bundle:        true,
		Splitting:     true,
		External:      []string{"react"},
		Format:        api.FormatESModule,
		Target:        api.ES2022,
	})
	for _, e := range out.Errors {
		t.Fatalf("%s: %s", folder, e.Text)
	}
	files := map[string][]byte{}
	for _, file := range out.OutputFiles {
		path, err := filepath.Rel(root, file.Path)
		if err != nil {
			t.Fatal(err)
		}
		files["/theirs/"+filepath.ToSlash(path)] = file.Contents
	}
	return files
}

// bundleReact returns what is imported from React.
func bundleReact(t *testing.T) []byte {
	t.Helper()
	out := api.Build(api.BuildOptions{
		Stdin:  &api.StdinOptions{Contents: reactModule, ResolveDir: "compat"},
		Define: map[string]string{"process.env.NODE_ENV": `"production"`},
		Bundle: true,
		Format: api.FormatESModule,
	})
	for _, e := range out.Errors {
		t.Fatalf("React: %s", e.Text)
	}
	return out.OutputFiles[0].Contents
}
