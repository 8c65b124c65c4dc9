package op

import (
	"bytes"
	"embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"

	"github.com/luikyv/go-oidc/pkg/goidc"
)

//go:embed pages
var files embed.FS

var pages = template.Must(template.ParseFS(files, "pages/*.html"))

type loginPage struct {
	Base    string // path of the issuer
	Action  string // where the form goes
	Client  string
	User    string // what was typed before
	Message string // what was wrong with it
}

type logoutPage struct {
	Base   string
	Action string // empty: it is done
}

type errorPage struct {
	Base, Code, Description string
}

// render sends a page with a policy of its own: no script, no frame, and
// forms go to this origin and to formTarget alone.
func render(w http.ResponseWriter, status int, name string, data any, formTarget string) error {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, data); err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; "+
		"base-uri 'none'; frame-ancestors 'none'; form-action 'self' "+formTarget)
	header.Set("X-Frame-Options", "DENY")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, err := page.WriteTo(w)
	return err
}

// renderError shows what went wrong where no client can be told.
func (p *Provider) renderError(w http.ResponseWriter, _ *http.Request, err error) error {
	page := errorPage{Base: p.issuer.Path, Code: string(goidc.ErrorCodeInternalError), Description: "something went wrong here"}
	status := http.StatusInternalServerError
	if known, ok := errors.AsType[goidc.Error](err); ok {
		page.Code, page.Description, status = string(known.Code), known.Description, http.StatusBadRequest
	}
	return render(w, status, "error.html", page, "")
}

func serveStyle(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "pages/style.css")
}

// origin returns the origin of a URL, or nothing.
func origin(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
