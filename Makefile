# make, Go and git are all that is needed. Where apt-get may install something the
# tests get their browser and Redis themselves. `make compat` needs npm, too, and
# Java and Maven for what it does with Keycloak; KEYCLOAK=1 make demo needs them.

JS       := GOOS=js GOARCH=wasm
RACE     := $(if $(shell command -v $$(go env CC)),-race)# the detector needs a C compiler
FUZZTIME ?= 30s
TIME     ?= 2h
N        ?= 5
ENGINES  ?= chromium firefox webkit
NATIVE    = $$(go list ./... | grep -v -e /e2e -e /internal/jstest)
LONG     := TestFault|TestHostile|Peer|Compat|React|Vue|Keycloak# tests of e2e that `make check` runs

.PHONY: all build dist demo test test-native test-js e2e browsers check race examples hostile faults compat claims check-long lint fmt size explore bench flaky fuzz clean chromium redis keycloak jstest

all: test

build:                   ; go run ./cmd/assets -v
dist:                    ; go run ./cmd/assets -v -npm dist
demo: $(if $(KEYCLOAK),keycloak) ; go run ./demo

test: test-native test-js e2e
test-native: redis       ; go test $(NATIVE)
test-js: chromium jstest ; go test ./internal/jstest && $(JS) go test -p 1 -exec $(CURDIR)/bin/jstest ./jsbridge/...
e2e: chromium            ; cd e2e && go test -count=1 -timeout 25m -skip '$(LONG)' . ./bench

browsers: chromium       ; scripts/browsers.sh $(ENGINES) && cd e2e && go test -count=1 -timeout 10m ./engine && ENGINES='$(ENGINES)' go test -count=1 -timeout 40m -run TestBrowsers # it prints a table; MORE=1 has more flows

check: lint race examples hostile faults compat claims size
lint: bin/lint           ; gofmt -s -d . && go vet ./... && $(JS) go vet ./... && $< ./... && $(JS) $< ./... && cd internal/lint && go vet . && $(CURDIR)/$< . && go test .
race: redis              ; go test $(RACE) $(NATIVE) ./internal/jstest
examples: bin/lint       ; cd resource/examples && gofmt -s -d . && go vet ./... && $(CURDIR)/$< ./... && go test ./...
hostile: chromium        ; cd session && go test -count=1 -run HostileTable && cd ../e2e && go test -count=1 -timeout 30m -run TestHostile
faults: chromium         ; cd e2e && go test -count=1 -v -timeout 20m -run TestFault # it prints figures
compat: chromium keycloak ; scripts/compat.sh
claims:                  ; go run ./internal/claims/check
size:                    ; go run ./cmd/assets -v -budget docs/budget.txt

check-long: chromium     ; cd e2e && CHECK_LONG=1 go test -count=1 -timeout 20m -run TestHostileTabs # bounds of a minute
	$(MAKE) browsers MORE=1 ENGINES='firefox webkit'
	npm ci --prefix e2e/compat --no-audit --no-fund --ignore-scripts </dev/null && COMPAT=1 CHECK_LONG=1 go test -count=1 -timeout 25m -run 'TestCompatSPA$$' ./e2e # all scenarios
	npm ci --prefix e2e/spa --no-audit --no-fund --ignore-scripts --legacy-peer-deps </dev/null && COMPAT=1 CHECK_LONG=1 go test -count=1 -run TestReactSpaTanStack ./e2e # beside npm oidc-spa
	go run ./internal/claims/check -native=false -browser
	go run ./internal/claims/mutate # the simulator finds each rule that is taken away
fmt: bin/lint            ; gofmt -s -w . && $< fmt
explore:                 ; go test -count=1 -timeout 0 -run TestExplore ./session/explore -explore $(TIME)
bench: chromium jstest   ; scripts/bench.sh
flaky: chromium          ; scripts/flaky.sh $(N) '$(LONG)'
fuzz:                    ; scripts/fuzz.sh $(FUZZTIME)
clean:                   ; git clean -fdXq bin dist web/dist

chromium:                ; scripts/chromium.sh
redis:                   ; scripts/redis.sh
keycloak:                ; scripts/keycloak.sh
jstest:                  ; go build -o bin/ ./internal/jstest

bin/lint: $(wildcard internal/lint/*.go internal/lint/go.*) ; cd internal/lint && go build -o $(CURDIR)/bin/ . && touch $(CURDIR)/$@
