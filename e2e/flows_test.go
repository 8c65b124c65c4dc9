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

// unable are tests that an engine does not run: what it cannot do, or what does
// not work in it yet.
var unable = []struct {
	test    string
	engines []string
	because string
}{
	{"TestPopupSevered", webkit, severed},
	{"TestPopupSeveredAndLeft", webkit, severed},
	{"TestPopupOnAppPage/cut off", webkit, severed},
	{"TestFaultPhases/frame", notChromium, silentFrame},
	{"TestFaultPhases/restore", notChromium, silentFrame},
	{"TestFaultFetch", []string{"firefox"}, "it sends a request whose connection is cut three times, and names an answer that breaks off AbortError"},
	{"TestFetchStepUpPopup", webkit, "the click allows no window any more when the API has answered: popup_blocked"},
}

var (
	webkit      = []string{"webkit"}
	notChromium = []string{"firefox", "webkit"}
)

const silentFrame = "a hidden frame with an error page looks like one that waits: timeout after 10 s, not frame_no_response"

const severed = "a window that Cross-Origin-Opener-Policy has cut off looks closed while it loads: popup_closed"

// testName is the name of a test's function.
func testName(test func(*testing.T)) string {
	name := runtime.FuncForPC(reflect.ValueOf(test).Pointer()).Name()
	return name[strings.LastIndexByte(name, '.')+1:]
}
