//go:build !js

package e2e

import (
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// flows are the tests that every engine runs: see TestBrowsers. There are moreFlows.
var flows = []func(*testing.T){
	// A whole session, on each host.
	TestFlowGoOIDC, TestHostByDefault, TestTwoTabs, TestVisitorStartsNoWorker, TestSampleSite,

	// Windows, and their endings.
	TestPopup, TestPopupEnds, TestPopupBlocked, TestPopupSevered, TestPopupSeveredAndLeft, TestPopupSeveredAndClosed, TestTwoPopups, TestPopupOnAppPage,

	// Requests to APIs.
	TestFetchBodies, TestFetchAnswers, TestFetchAbort, TestFetchRedirect,
	TestFetchRenews, TestFetchDPoP, TestFetchStepUp, TestFetchStepUpPopup, TestFetchStepUpBlocked, TestDPoP,

	// Pages that come and go.
	TestBackForwardCache, TestMissingHintIsNoSignOut,
	TestRestoreByRedirectNobody, TestFaultBackForward,

	// Reloads where a program ends with its page.
	TestKeeperReload, TestKeeperGivesNothing, TestKeeperSignout, TestKeeperAgain, TestKeeperSentAway, TestKeeperAmongOthers,
	TestKeeperBesideAPageThatSleeps, TestKeptAnswer, TestKeptAnswerRefuses,

	// Apps that are signed in or not.
	TestCreateOidcLogin, TestCreateOidcReload,

	// Workers that end.
	TestWorkerDies, TestWorkerDiesDuringPopup, TestProgramStartsSlowly, TestWithoutAHint, TestTabClosesDuringRenewal,

	// Networks that fail, by the servers, and clocks.
	TestFaultSleep, TestFaultClockWrong, TestFaultPhases, TestFaultFetch,
	TestScriptOnDemandIsLoadedAgain, TestChangedPolicy,

	// Scripts and frames that are hostile.
	TestHostileFrameWithoutAnOrigin, TestHostileResponseInACopiedTab,
	TestHostileScriptBeforeTheClient, TestHostileSettingsThatRunScripts,
	TestHostileMarkupNamesNoProgram, TestHostileTokensUnderThePolicyByDefault, TestHostileTokensAtTheEdgesOfTheList,
	TestMonitorHostileFrame,

	// Service workers of the app.
	TestHostileServiceWorkerInFrontOfTheProvider,

	// What browsers lack, other ways to use the client, several clients.
	TestReadmeExample, TestCallbackWithoutStorage, TestPageHostNeedsPolicy, TestClassicScript, TestAppPageAsRedirectURI, TestTwoProviders,
	TestPushedRequestsAndRevocation, TestExpiredTransactionsGo, TestWalkFindsSecrets,
	TestFrontChannelLogout, TestFrontChannelLogoutUnheard,
	TestFrontChannelLogoutCrossSite, TestMonitorSession, TestMonitorSessionChanged, TestIdleSignout,
}

// moreFlows take long, or say little more in another engine: they run where the variable MORE is set.
var moreFlows = []func(*testing.T){
	TestCreateOidcNobody, TestCreateOidcLogout, TestCreateOidcOtherTabs, TestCreateOidcAutoLogin, TestCreateOidcSomebodyElse,
	TestCreateOidcTwoClients, TestCreateOidcDocument, TestCreateOidcProviderDown, TestCreateOidcBack,
	TestHostileMixUps, TestRuntimeMistakes, TestLackingBrowser,

	TestFetchStreamGathered, TestFetchFormWritten, TestFetchUnread,
	TestGetUserBesideCallback, TestDisposeBetweenEffects, TestDisposeDuringCallback, TestRestoreByRedirect, TestPageIsNotSentAway,
	TestKeptAnswerExpired, TestWorkerIsSilent, TestDedicatedWorkerStandsStill, TestWorkersStandStill,
	TestFaultSignin, TestFaultPopup, TestFaultSignout,
	TestHostileTokensFollowNoRedirect, TestHostileForeignWindows, TestHostileUserinfoThatMayBeCached, TestHostileCallbackTellsNoReferrer,
	TestHostileServiceWorkerOutOfTheFolder, TestHostileServiceWorkerInTheFolder, TestHostileServiceWorkerBehindARedirect,
	TestEmbedderPolicy, TestTwoAuthoritiesOnAPage,
}

// An unableTest is one that engines do not run.
type unableTest struct {
	test    string
	engines []string
	because string
}

// unable are tests that an engine does not run: what it cannot do, and what does
// not work in it yet.
var unable = []unableTest{
	{"TestFetchStepUpPopup", webkit, "the click allows no window any more when the API has answered: popup_blocked"},
	{"TestFaultPhases/frame", []string{"firefox", "webkit"}, silentFrame},
	{"TestFaultPhases/restore", []string{"firefox", "webkit"}, silentFrame},
	{"TestBackForwardCache", firefox, keepsNoLock},
	{"TestMissingHintIsNoSignOut", firefox, keepsNoLock},
	{"TestPageIsNotSentAway/back out of the cache", firefox, keepsNoLock},
	{"TestFrontChannelLogout", webkit, partitioned},
	{"TestFrontChannelLogoutUnheard/open", webkit, partitioned},
	{"TestHostileServiceWorkerBehindARedirect/" + movedRows[1].name, webkit, madeRedirect},
	{"TestHostileServiceWorkerBehindARedirect/" + movedRows[2].name, webkit, madeRedirect},
	{"TestEmbedderPolicy/credentialless", webkit, "it does not know this policy"},
	{"TestEmbedderPolicy/require-corp/dedicated", webkit, "the policy of the worker's script, credentialless, counts as none: no dedicated worker starts"},
}

var firefox, webkit = []string{"firefox"}, []string{"webkit"}

const keepsNoLock = "no page that holds a lock is in the back/forward cache: it is loaded anew"

const silentFrame = "a hidden frame with an error page looks like one that waits: timeout after 10 s, not frame_no_response"

const partitioned = "it keeps the channels of other origins' frames apart, also on one site: TestFrontChannelLogoutUnheard"

const madeRedirect = "a redirect that a service worker makes up fails as if nobody had answered: cors_refused"

// testName is the name of a test's function.
func testName(test func(*testing.T)) string {
	name := runtime.FuncForPC(reflect.ValueOf(test).Pointer()).Name()
	return name[strings.LastIndexByte(name, '.')+1:]
}
