#!/bin/sh
# Writes a private apt configuration into DIR and fetches its package lists.
# The machine's own sources, lists and preferences are neither read nor
# changed; its apt.conf (a proxy, say) is. Signatures are checked against
# Debian's archive keyring. Needs no privileges.
#
# usage: apt.sh DIR        (DEBIAN_MIRROR, DEBIAN_SECURITY: other archives)
set -eu
mkdir -p "$1/state/lists/partial" "$1/cache/archives/partial"
dir=$(cd "$1" && pwd)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
main=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
security=${DEBIAN_SECURITY:-http://deb.debian.org/debian-security}

for type in deb deb-src; do
	echo "$type [signed-by=$keyring] $main bookworm main"
	echo "$type [signed-by=$keyring] $main bookworm-updates main"
	echo "$type [signed-by=$keyring] $security bookworm-security main"
done >"$dir/sources.list"

: >"$dir/status"
cat >"$dir/apt.conf" <<END
Dir::State "$dir/state";
Dir::State::status "$dir/status";
Dir::Cache "$dir/cache";
Dir::Etc::SourceList "$dir/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
APT::Architecture "amd64";
APT::Sandbox::User "root";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
END
apt-get -q -c "$dir/apt.conf" update
