#!/bin/sh
# Sees to it that the engines named in the arguments are where e2e/engine looks
# for them. It installs Debian's packages of those that are not, if this user may.
set -eu

# lacking prints the packages of what is missing.
lacking() {
	for engine in "$@"; do
		case $engine in
		chromium) ;; # chromium.sh does it
		firefox) command -v firefox-esr >/dev/null || command -v firefox >/dev/null || echo firefox-esr ;;
		webkit)
			command -v WebKitWebDriver >/dev/null || echo webkit2gtk-driver
			command -v Xvfb >/dev/null || echo xvfb
			;;
		*)
			echo "There is no engine $engine." >&2
			exit 1
			;;
		esac
	done
}

give_up() {
	echo "The tests in $* need Debian's packages" $(lacking "$@") "or what they hold in PATH." >&2
	exit 1
}

packages=$(lacking "$@")
[ -n "$packages" ] || exit 0
command -v apt-get >/dev/null || give_up "$@"
root=
if [ "$(id -u)" -ne 0 ]; then
	root="sudo -n"
	$root true 2>/dev/null || give_up "$@"
fi

# One at a time: apt-get update does not wait for another one.
exec 9>"${TMPDIR:-/tmp}/oidcspa-apt-$(id -u).lock"
flock 9
packages=$(lacking "$@")
[ -n "$packages" ] || exit 0
echo "Installing" $packages ... >&2
apt="$root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300"
$apt update </dev/null >/dev/null && $apt install -y --no-install-recommends $packages </dev/null >/dev/null || give_up "$@"
[ -z "$(lacking "$@")" ] || give_up "$@"
