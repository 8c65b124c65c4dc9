//go:build !race && !js

package explore

const raced = false
