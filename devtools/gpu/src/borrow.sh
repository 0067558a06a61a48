#!/bin/sh
# Unpacks packages of another of Debian's releases without installing them:
#
#     borrow.sh SUITE FOLDER PACKAGE...
#
# `source:PACKAGE` is what its authors published, without Debian's changes; `kernel:KIND` is the newest
# kernel of a kind, such as `cloud-amd64`.
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
types=deb
case " $*" in
*" source:"*) types="deb deb-src" ;;
esac
cat >"$apt/sources/one.sources" <<END
Types: $types
URIs: $archive
Suites: $suite
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END

# With lists and sources of its own, which leaves the system's alone.
with() {
  "$@" -o Dir::Etc::sourcelist="$apt/none" -o Dir::Etc::sourceparts="$apt/sources" \
    -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=root
}
cd "$apt"
with apt-get update -qq
for package; do
  case $package in
  source:*) with apt-get source -qq --tar-only "${package#source:}/$suite" ;;
  kernel:*)
    names=$(with apt-cache pkgnames linux-binary- | grep "^linux-binary-[0-9].*-${package#kernel:}\$")
    newest=$(echo "$names" | sort -V | tail -n 1)
    with apt-get download -qq "$newest/$suite"
    ;;
  *) with apt-get download -qq "$package/$suite" ;;
  esac
done
for file in *.deb; do
  dpkg -x "$file" unpacked
done
for file in *.orig.tar.*; do
  if [ -f "$file" ]; then tar -xf "$file" -C unpacked; fi
done
mv unpacked "$folder"
