//go:build !js

package e2e

import (
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// flows are the tests that every engine runs: see TestBrowsers.
var flows = []func(*testing.T){
	// A whole session, on each host.
	TestFlowGoOIDC, TestHostByDefault, TestTwoTabs, TestVisitorStartsNoWorker, TestSampleSite,

	// Windows, and their endings.
	TestPopup, TestPopupEnds, TestPopupBlocked, TestPopupSevered, TestPopupSeveredAndLeft, TestTwoPopups, TestPopupOnAppPage,

	// Requests to APIs.
	TestFetchBodies, TestFetchStreamGathered, TestFetchFormWritten, TestFetchAnswers, TestFetchAbort, TestFetchUnread, TestFetchRedirect,
	TestFetchRenews, TestFetchDPoP, TestFetchStepUp, TestFetchStepUpPopup, TestDPoP,

	// Pages that come and go.
	TestBackForwardCache, TestMissingHintIsNoSignOut, TestGetUserBesideCallback, TestDisposeBetweenEffects,
	TestDisposeDuringCallback, TestRestoreByRedirect, TestRestoreByRedirectNobody, TestPageIsNotSentAway, TestFaultBackForward,

	// Reloads where a program ends with its page.
	TestKeeperReload, TestKeeperGivesNothing, TestKeeperSignout, TestKeeperAgain, TestKeeperSentAway, TestKeeperAmongOthers,

	// Workers that end.
	TestWorkerDies, TestWorkerDiesDuringPopup, TestWithoutAHint, TestTabClosesDuringRenewal,

	// Networks that fail, by the servers.
	TestFaultSignin, TestFaultPhases, TestFaultPopup, TestFaultSignout, TestFaultFetch,
	TestScriptOnDemandIsLoadedAgain, TestChangedPolicy,

	// What browsers lack, other ways to use the client, several clients.
	TestLackingBrowser, TestRuntimeMistakes, TestClassicScript, TestAppPageAsRedirectURI, TestTwoProviders,
	TestTwoAuthoritiesOnAPage, TestPushedRequestsAndRevocation, TestExpiredTransactionsGo, TestWalkFindsSecrets,
	TestEmbedderPolicy, TestFrontChannelLogout, TestMonitorSession, TestIdleSignout,
}

// unable are tests that an engine does not run: what it cannot do, what does not
// work in it yet, and what nobody has seen it do.
var unable = []struct {
	test    string
	engines []string
	because string
}{
	{"TestPopupSevered", webkit, severed},
	{"TestPopupSeveredAndLeft", webkit, severed},
	{"TestPopupOnAppPage/cut off", webkit, severed},
	{"TestFetchStepUpPopup", webkit, "the click allows no window any more when the API has answered: popup_blocked"},
	{"TestFaultPhases/frame", notChromium, silentFrame},
	{"TestFaultPhases/restore", notChromium, silentFrame},
	{"TestFaultFetch", []string{"firefox"}, "it sends a request whose connection is cut three times, and names an answer that breaks off AbortError"},
	{"TestFrontChannelLogout", webkit, partitioned},
	{"TestMonitorSession", webkit, partitioned},
	{"TestIdleSignout", webkit, "the countdown over two tabs does not come to its end"},
	{"TestFaultPopup", webkit, untried},
	{"TestFaultSignout", webkit, untried},
	{"TestFaultFetch", webkit, untried},
	{"TestScriptOnDemandIsLoadedAgain", webkit, untried},
	{"TestChangedPolicy", webkit, untried},
	{"TestRuntimeMistakes", notChromium, untried},
	{"TestLackingBrowser", webkit, untried},
	{"TestClassicScript", webkit, untried},
	{"TestAppPageAsRedirectURI", webkit, untried},
	{"TestTwoProviders", webkit, untried},
	{"TestTwoAuthoritiesOnAPage", webkit, untried},
	{"TestPushedRequestsAndRevocation", webkit, untried},
	{"TestExpiredTransactionsGo", webkit, untried},
	{"TestWalkFindsSecrets", webkit, untried},
	{"TestEmbedderPolicy", webkit, untried},
}

var (
	webkit      = []string{"webkit"}
	notChromium = []string{"firefox", "webkit"}
)

const (
	silentFrame = "a hidden frame with an error page looks like one that waits: timeout after 10 s, not frame_no_response"
	severed     = "a window that Cross-Origin-Opener-Policy has cut off looks closed while it loads: popup_closed"
	partitioned = "storage and channels of another origin's frame are partitioned, also on one site"
	untried     = "nobody has tried yet"
)

// testName is the name of a test's function.
func testName(test func(*testing.T)) string {
	name := runtime.FuncForPC(reflect.ValueOf(test).Pointer()).Name()
	return name[strings.LastIndexByte(name, '.')+1:]
}
