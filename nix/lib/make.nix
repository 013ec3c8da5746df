# GNU make, relocated: build scripts that wrap a configure-and-make library
# (jemalloc is the best known) call it.
{
  step,
  unpack,
  packages,
  libs,
  patchelf,
}:
let
  raw = unpack {
    name = "make-raw";
    debs = packages.set "make";
  };
in
step {
  name = "make";
  path = [ patchelf ];
  script = ''
    mkdir -p $out/bin
    cp ${raw}/usr/bin/make $out/bin/
    chmod u+w $out/bin/make
    patchelf --set-interpreter ${libs}/lib/ld-linux-x86-64.so.2 \
      --force-rpath --set-rpath ${libs}/lib $out/bin/make
    ln -s make $out/bin/gmake
    $out/bin/make --version
  '';
}
