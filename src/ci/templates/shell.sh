#!/bin/sh
# Written by `xbuild ci shell`, which has what is in it from xbuild.toml and
# Cargo.toml. To change it, change those and write it again.
#
#   ./xbuild-ci.sh          test, build and verify for each target
#   ./xbuild-ci.sh release  and then make the release of all, signed where the
#                           variable RELEASE_KEY has a key
#
# It needs a Linux on x86_64 with user namespaces (`xbuild shell -- true` says
# what is in the way), git, and xbuild or cargo. What is kept between runs is
# where xbuild always keeps it, by hashes: `xbuild ci --key` changes with it.
set -eu
cd "$(dirname "$0")"

#: with native
# Windows with MSVC and macOS are left out: they need Microsoft's and Apple's
# SDKs, whose licences keep them on such machines.
#: end
if ! command -v xbuild > /dev/null; then
  XBUILD_GIT=${XBUILD_GIT:-@SHELL_GIT@}
  XBUILD_REVISION=${XBUILD_REVISION:-@SHELL_REVISION@}
  : "${XBUILD_GIT:?say in xbuild.toml or in the variable XBUILD_GIT where xbuild is from}"
  cargo install --locked --git "$XBUILD_GIT" --rev "$XBUILD_REVISION" --root target/xbuild xbuild
  PATH=$PWD/target/xbuild/bin:$PATH
fi
xbuild ci shell --check

# row TARGET ARTEFACT
row() {
  # Under QEMU where the target is foreign.
  xbuild test --target "$1"
  # Builds, builds again elsewhere to compare, and packs.
  xbuild release --target "$1" --out "target/dist/$2"@NAMED@
}

#: each rows
row @TARGET@ @ARTEFACT@
#: end

if [ "${1-}" = release ]; then
  xbuild release --out target/dist/release@NAMED@ ${RELEASE_KEY:+--key env:RELEASE_KEY}
  # It must be what was built before.
  for archive in target/dist/release/*.tar.gz; do
    cmp "$archive" target/dist/*-linux-*/"${archive##*/}"
  done
fi
