#!/bin/sh
# Sees to it that there is a Keycloak in bin/keycloak for the tests and for the
# demo: Maven fetches it. Without Maven or Java those tests are skipped, and in
# CI they fail.
set -eu
cd "$(dirname "$0")/.."
version=26.7.3
home=bin/keycloak

found() { [ "$(cat $home/ready 2>/dev/null)" = "$version" ]; }

found && exit 0
for program in java mvn; do
	command -v $program >/dev/null && continue
	echo "Keycloak needs $program: without it, what needs Keycloak is skipped. Install Java 17 or newer, and Maven." >&2
	[ "${CI:-}" = true ] && exit 1
	exit 0
done

mkdir -p bin
exec 9>bin/keycloak.lock
flock 9
found && exit 0
echo "Fetching Keycloak $version ..." >&2
rm -rf $home
trap 'rm -rf bin/keycloak-$version "bin/\${project.basedir}"' EXIT # the plugin leaves that where there is no project
unpack=org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack
(cd bin && mvn -q -B $unpack -Dartifact=org.keycloak:keycloak-quarkus-dist:$version:zip -DoutputDirectory="$PWD" </dev/null)
mv bin/keycloak-$version $home
# What does not change from start to start: half of the time of a first one.
JAVA_OPTS="-Xmx512m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC" sh $home/bin/kc.sh build --db=dev-mem </dev/null >$home/build.log 2>&1 || {
	cat $home/build.log >&2
	exit 1
}
echo $version >$home/ready
