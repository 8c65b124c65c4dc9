# make, Go and git are all that is needed; the tests see to their browser
# and to Redis themselves, and `make compat` needs npm, too.

LINTER   := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
JS       := GOOS=js GOARCH=wasm
RACE     := $(if $(shell command -v $$(go env CC)),-race)# the detector needs a C compiler
FUZZTIME ?= 30s
N        ?= 5

.PHONY: all build dist demo test test-native test-js e2e faults compat check check-long lint fmt size bench flaky fuzz clean chromium redis jstest

all: test

build:                   ; go run ./cmd/assets -v
dist:                    ; go run ./cmd/assets -v -npm dist
demo:                    ; go run ./demo
test: lint test-native test-js e2e faults
test-native: chromium redis ; go test $(RACE) $$(go list ./... | grep -v /e2e) && cd session && go test -count=1 -run HostileTable
test-js: chromium jstest ; $(JS) go test -p 1 -exec $(CURDIR)/bin/jstest ./jsbridge/...
e2e: chromium            ; cd e2e && go test -count=1 -timeout 25m -skip TestFault . ./bench
faults: chromium         ; cd e2e && go test -count=1 -v -timeout 20m -run TestFault # it prints figures
compat: chromium         ; scripts/compat.sh
check: chromium          ; go run ./internal/claims/check -browser
check-long: chromium     ; cd e2e && CHECK_LONG=1 go test -count=1 -timeout 20m -run TestHostileTabs # bounds of a minute
lint: bin/golangci-lint  ; go vet ./... && $(JS) go vet ./... && $< run && $(JS) $< run
fmt: bin/golangci-lint   ; $< fmt
size:                    ; go run ./cmd/assets -v -budget docs/budget.txt
bench: chromium jstest   ; scripts/bench.sh
flaky: chromium          ; scripts/flaky.sh $(N)
fuzz:                    ; scripts/fuzz.sh $(FUZZTIME)
clean:                   ; git clean -fdXq bin dist web/dist

chromium:                ; scripts/chromium.sh
redis:                   ; scripts/redis.sh
jstest:                  ; go build -o bin/ ./internal/jstest

bin/golangci-lint: Makefile ; GOBIN=$(CURDIR)/bin go install $(LINTER) && touch $@
