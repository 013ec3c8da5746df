# Every shared library that the pinned rustc, cargo, clang and lld load, in one
# flat folder, with the loader that belongs to them.
#
# Their programs find it by an RPATH, which is inherited by what they load; a
# library's own RUNPATH would hide it, so none keeps one.
{
  step,
  raw,
  patchelf,
}:
step {
  name = "host-libs";
  path = [ patchelf ];
  script = ''
    lib=$out/lib
    mkdir -p $lib
    find ${raw}/usr/lib -name '*.so*' \( -type f -o -type l \) | while read -r file; do
      case $file in
        */librustc_driver-* | */gconv/* | */engines-* | */ossl-modules/* | */sasl2/* | */krb5/*) continue ;;
      esac
      name=$(basename "$file")
      [ -e "$file" ] || continue
      real=$(basename "$(readlink -f "$file")")
      [ -e "$lib/$real" ] || cp "$(readlink -f "$file")" "$lib/$real"
      [ "$name" = "$real" ] || [ -e "$lib/$name" ] || ln -s "$real" "$lib/$name"
    done
    chmod -R u+w $lib
    for so in $lib/libLLVM* $lib/libclang*; do
      [ -L "$so" ] || patchelf --remove-rpath "$so"
    done
    # Z3 serves clang's static analyzer, where told to, and nothing else: its
    # functions are bound when first called, so its 8.6 MB are not downloaded.
    patchelf --remove-needed libz3.so.4 $lib/libLLVM.so.22.1
    ls -l $lib
  '';
}
