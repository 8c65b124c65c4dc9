// Package routers has package resource in front of the routes of chi, echo and
// gin. The middleware is an http.Handler in front of another one, which is all that
// they need.
package routers

import (
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"

	"github.com/oidcspa/oidcspa/resource"
)

// Chi takes the middleware as it is.
func Chi(guard *resource.Middleware) http.Handler {
	r := chi.NewRouter()
	r.Group(func(r chi.Router) {
		r.Use(func(next http.Handler) http.Handler { return guard.Handler(next, "read") })
		r.Get("/things/{id}", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			//lint:ignore gosec G705: no browser takes it for HTML
			_, _ = w.Write([]byte(chi.URLParam(r, "id") + " " + resource.ClaimsFrom(r.Context()).Subject))
		})
	})
	return r
}

// Echo has a function for what is in front of a handler of net/http.
func Echo(guard *resource.Middleware) http.Handler {
	e := echo.New()
	read := echo.WrapMiddleware(func(next http.Handler) http.Handler { return guard.Handler(next, "read") })
	e.GET("/things/:id", func(c echo.Context) error {
		return c.String(http.StatusOK, c.Param("id")+" "+resource.ClaimsFrom(c.Request().Context()).Subject)
	}, read)
	return e
}

// Gin goes on with its own handlers where the middleware lets a request through, and
// not at all where it does not.
func Gin(guard *resource.Middleware) http.Handler {
	e := gin.New()
	e.GET("/things/:id", Protect(guard, resource.Requirement{Scopes: []string{"read"}}), func(c *gin.Context) {
		c.String(http.StatusOK, "%s", c.Param("id")+" "+resource.ClaimsFrom(c.Request.Context()).Subject)
	})
	return e
}

// Protect is the middleware as a handler of gin.
func Protect(guard *resource.Middleware, required resource.Requirement) gin.HandlerFunc {
	return func(c *gin.Context) {
		passed := false
		guard.Require(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			passed, c.Request = true, r
			c.Next()
		}), required).ServeHTTP(c.Writer, c.Request)
		if !passed {
			c.Abort()
		}
	}
}
