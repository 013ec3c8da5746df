# A project's packages of Debian, as one tree for its sysroot: headers,
# libraries, pkg-config's and CMake's files. Nothing of them is run, neither
# programs nor the scripts of packages.
#
# `owners` says which package each shared library is of: a line is package,
# version and path, parted by tabs.
{ step }:
{ name, packages }:
step {
  inherit name;
  passAsFile = [ "list" ];
  list = builtins.concatStringsSep "" (
    map (one: "${one.file} ${one.package} ${one.version}\n") packages
  );
  script = ''
    # Older suites keep /lib apart from /usr/lib: one name leads to the other.
    mkdir -p $out/tree/usr
    cd $out/tree
    for dir in bin lib lib32 lib64 sbin; do
      mkdir usr/$dir
      ln -s usr/$dir $dir
    done
    while read -r deb package version; do
      member=$(ar t "$deb" | grep '^data\.tar')
      case $member in
        data.tar.xz) open="xz -dc" ;;
        data.tar.gz) open="gzip -dc" ;;
        data.tar) open=cat ;;
        *) echo "$package is packed as $member, which nothing here unpacks" >&2; exit 1 ;;
      esac
      ar p "$deb" $member | $open | tar -x -f -
      ar p "$deb" $member | $open | tar -t -f - | sed -n 's|^\./||; s|^lib|usr/lib|; /\.so\(\.[0-9.]*\)\?$/p' |
        while read -r file; do printf '%s\t%s\t%s\n' "$package" "$version" "$file"; done >> $out/owners
    done < $listPath
    touch $out/owners
    ${import ./relative-links.nix}
    chmod -R u+w .
    rm -rf bin sbin usr/bin usr/sbin usr/games usr/lib/debug etc var run srv opt
    cd usr/share 2> /dev/null && rm -rf bug doc doc-base gdb gtk-doc info lintian locale man perl perl5
    cd $out/tree
    rmdir usr/* 2> /dev/null || true
    for dir in lib lib32 lib64; do [ -d usr/$dir ] || rm $dir; done
  '';
}
