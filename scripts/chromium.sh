#!/bin/sh
# Sees to it that there is a browser where internal/chromium looks for one.
# Without any it installs Debian's, if this user may.
set -eu

found() {
	for name in ${CHROMIUM:-chromium chromium-browser google-chrome chrome}; do
		command -v "$name" >/dev/null && return 0
	done
	return 1
}

give_up() {
	echo "The tests need Chromium: install the package chromium, or set CHROMIUM to the program's path." >&2
	exit 1
}

found && exit 0
[ -z "${CHROMIUM:-}" ] && command -v apt-get >/dev/null || give_up
root=
if [ "$(id -u)" -ne 0 ]; then
	root="sudo -n"
	$root true 2>/dev/null || give_up
fi

# One at a time: apt-get update does not wait for another one.
exec 9>"${TMPDIR:-/tmp}/oidcspa-apt-$(id -u).lock"
flock 9
found && exit 0
echo "Installing Chromium ..." >&2
apt="$root env DEBIAN_FRONTEND=noninteractive apt-get -qq"
$apt update </dev/null >/dev/null && $apt install -y --no-install-recommends chromium </dev/null >/dev/null || give_up
found || give_up
