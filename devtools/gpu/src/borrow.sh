#!/bin/sh
# Unpacks packages of another of Debian's releases without installing them:
#
#     borrow.sh SUITE FOLDER PACKAGE...
set -eu
suite=$1 folder=$2
shift 2
apt=$(dirname "$folder")/apt/$suite
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/sources"
# The archive that the system itself is installed from: its other releases lie beside its own.
archive=$(apt-get indextargets --format '$(REPO_URI)' | grep -m1 '/debian/*$') || {
  echo "no source of Debian packages: see sources.list(5)" >&2
  exit 1
}
cat >"$apt/sources/one.sources" <<END
Types: deb
URIs: $archive
Suites: $suite
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END

# With lists and sources of its own, which leaves the system's alone.
get() {
  apt-get -o Dir::Etc::sourcelist="$apt/none" -o Dir::Etc::sourceparts="$apt/sources" \
    -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root "$@"
}
cd "$apt"
get update -qq
for package; do
  get download -qq "$package/$suite"
done
for file in *.deb; do
  dpkg -x "$file" unpacked
done
mv unpacked "$folder"
