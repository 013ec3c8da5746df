# Debian's patchelf, made able to run: the first run goes through its own
# package's loader, and patches a copy of itself.
{
  step,
  unpack,
  packages,
}:
let
  raw = unpack {
    name = "patchelf-raw";
    debs = packages.set "bootstrap";
  };
in
step {
  name = "patchelf";
  script = ''
    lib=$out/lib
    mkdir -p $out/bin $lib
    for name in libc.so.6 libm.so.6 libgcc_s.so.1 libstdc++.so.6 ld-linux-x86-64.so.2; do
      cp ${raw}/usr/lib/x86_64-linux-gnu/$name $lib/
    done
    cp ${raw}/usr/bin/patchelf $out/bin/patchelf
    chmod u+w $out/bin/patchelf
    $lib/ld-linux-x86-64.so.2 --library-path $lib ${raw}/usr/bin/patchelf \
      --set-interpreter $lib/ld-linux-x86-64.so.2 --force-rpath --set-rpath $lib $out/bin/patchelf
    $out/bin/patchelf --version
  '';
}
