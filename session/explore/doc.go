//go:build !js

// Package explore looks for the order of events in which package session does
// something wrong. It is a world of people, providers, programs and tabs in which
// nothing happens by itself: [testing/synctest] stands for time, and a scheduler
// lets one goroutine go on at a time, the one that the dice of a seed pick.
//
// What has to be right is in invariants.go, of tokens in promises.go, of what the
// engine does by itself in habits.go, and of what it has of an earlier program in
// reloads.go: together they read as the specification of the engine. acts.go says what
// was known to whom. operations.go, deeds.go and odd.go are what apps and people do,
// page.go what a page decides, provider.go and answers.go who answers, api.go and
// proofs.go who is asked with a token, keeper.go what outlives a program, world.go,
// tab.go and variety.go what there is, and scheduler.go the order. A seed is a
// schedule; explore.go runs one, and makes it small when something is wrong.
//
// The package runs natively alone and is linked into no program.
package explore
