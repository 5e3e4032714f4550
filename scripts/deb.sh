#!/usr/bin/env bash
# The Debian package, in .build: from what is built, by dpkg-deb alone. VERSION_SUFFIX makes another version of it.
set -euo pipefail
cd "$(dirname "$0")/.."
: "${TANDEM:=.build/release/tandem}" "${WORKER:=.build/release/tandem-decode}" "${OUT:=.build}"
export TANDEM WORKER
field() { dpkg-parsechangelog -l packaging/debian/changelog -S "$1"; }

version=$(field Version)${VERSION_SUFFIX-}
told=$("$TANDEM" --version)
[ "$told" = "${version%%-*}" ] || { echo "tandem is $told, packaging/debian/changelog says $version" >&2; exit 65; }
architecture=$(dpkg --print-architecture)
# The same bytes whenever it is made.
SOURCE_DATE_EPOCH=$(field Timestamp)
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/debian/tandem  # where dpkg-shlibdeps expects it
doc=$root/usr/share/doc/tandem
mkdir -p "$root/DEBIAN"
DESTDIR=$root PREFIX=/usr scripts/lay_out.sh

strip --strip-unneeded --remove-section=.comment --remove-section=.note "$root"/usr/bin/tandem \
  "$root"/usr/libexec/tandem-decode
find "$root/usr/share/man" -type f -exec gzip -9n {} +
mv "$doc/CHANGELOG.md" "$doc/changelog"
install -m 644 packaging/debian/changelog "$doc/changelog.Debian"
gzip -9n "$doc/changelog" "$doc/changelog.Debian"
install -m 644 packaging/debian/copyright "$doc/copyright"
install -D -m 644 packaging/debian/lintian-overrides "$root/usr/share/lintian/overrides/tandem"

# Of the libraries that the programs need, what their packages say about versions. It wants a debian/control to read.
printf 'Source: tandem\n\nPackage: tandem\nArchitecture: any\n' > "$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O debian/tandem/usr/bin/tandem debian/tandem/usr/libexec/tandem-decode)
depends=${depends#shlibs:Depends=}
# Opened when the program runs, where it was built with it: as the linker would have called it.
recommends=curl
onednn=$(grep -ao 'libdnnl\.so\.[0-9]*' "$root/usr/bin/tandem" | head -1 || true)
[ -z "$onednn" ] || recommends="curl, libdnnl${onednn##*.}"

sed -e "s|@VERSION@|$version|" -e "s|@ARCHITECTURE@|$architecture|" -e "s|@MAINTAINER@|$(field Maintainer)|" \
  -e "s|@SIZE@|$(du -k -s --apparent-size --exclude=DEBIAN "$root" | cut -f1)|" -e "s|@DEPENDS@|$depends|" \
  -e "s|@RECOMMENDS@|$recommends|" packaging/debian/control.in > "$root/DEBIAN/control"
(cd "$root" && find etc -type f -printf '/%p\n' | sort > DEBIAN/conffiles)
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum > DEBIAN/md5sums)
install -m 755 packaging/debian/{postinst,prerm,postrm} "$root/DEBIAN"

mkdir -p "$OUT"
dpkg-deb --root-owner-group --build "$root" "$OUT/tandem_${version}_$architecture.deb"
