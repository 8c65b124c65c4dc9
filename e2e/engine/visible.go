//go:build !js

package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// show waits until an element is visible, and brings it into view.
func show(ctx context.Context, tab Tab, selector string) error {
	visible := fmt.Sprintf(`(() => {
		const element = document.querySelector(%s);
		if (!element?.getClientRects().length) return false;
		element.scrollIntoView({ block: "center", behavior: "instant" });
		return true;
	})()`, quoted(selector))
	for {
		if is, err := tab.Holds(ctx, visible); err == nil && is {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not appear: %w", selector, context.Cause(ctx))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// quoted is a string literal of JavaScript.
func quoted(text string) string {
	q, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string has JSON
	}
	return string(q)
}
