#!/bin/sh
# Sees to it that there is a Redis for the tests of resource/redisreplay.
# Without one it installs Debian's, if this user may; else those tests are
# skipped, and in CI they fail.
set -eu

found() { command -v redis-server >/dev/null; }

give_up() {
	echo "The tests of resource/redisreplay need redis-server: install the package redis-server." >&2
	[ "${CI:-}" = true ] && exit 1
	exit 0
}

found && exit 0
command -v apt-get >/dev/null || give_up
root=
if [ "$(id -u)" -ne 0 ]; then
	root="sudo -n"
	$root true 2>/dev/null || give_up
fi

# One at a time: apt-get update does not wait for another one.
exec 9>"${TMPDIR:-/tmp}/oidcspa-apt-$(id -u).lock"
flock 9
found && exit 0
echo "Installing Redis ..." >&2
apt="$root env DEBIAN_FRONTEND=noninteractive apt-get -qq"
$apt update </dev/null >/dev/null && $apt install -y --no-install-recommends redis-server </dev/null >/dev/null || give_up
found || give_up
