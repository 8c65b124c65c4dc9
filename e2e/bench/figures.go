//go:build !js

package main

// The figures of a measurement.
const (
	figureRequest       = "click to request"
	figureAnswer        = "answer to user"
	figureClick         = "click to user"
	figureUser          = "time to user"
	figureNobody        = "time to nobody"
	figureRenewed       = "time to new tokens"
	figureMain          = "main thread of the page"
	figureAll           = "all processes"
	figureCalls         = "1,000 requests"
	figureSize          = "loaded"
	figureApp           = "requests at the app"
	figureProvider      = "requests at the provider"
	figurePerMinute     = "requests per minute"
	figureTokenRequests = "of those, for tokens"
	figureSignedIn      = "tabs signed in at the end"
	figureMemory        = "memory"
)

// units are those of figures that are not milliseconds; the empty one is a
// number.
var units = map[string]string{
	figureSize:          "kB",
	figureApp:           "",
	figureProvider:      "",
	figurePerMinute:     "",
	figureTokenRequests: "",
	figureSignedIn:      "",
	figureMemory:        "MB",
}

// unitOf returns the unit of a figure.
func unitOf(figure string) string {
	if unit, ok := units[figure]; ok {
		return unit
	}
	return "ms"
}
