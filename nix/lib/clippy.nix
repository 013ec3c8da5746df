# cargo-clippy and clippy-driver, realised only for `xbuild clippy`.
{
  step,
  unpack,
  packages,
  libs,
  patchelf,
  rust,
}:
let
  raw = unpack {
    name = "clippy-raw";
    debs = packages.set "clippy";
  };
in
step {
  name = "clippy";
  path = [ patchelf ];
  script = ''
    mkdir -p $out/bin
    cp ${raw}/usr/bin/cargo-clippy ${raw}/usr/bin/clippy-driver $out/bin/
    chmod u+w $out/bin/*
    for program in $out/bin/*; do
      patchelf --set-interpreter ${libs}/lib/ld-linux-x86-64.so.2 \
        --force-rpath --set-rpath ${rust}/lib:${libs}/lib $program
    done
    $out/bin/clippy-driver --version
  '';
}
