# xz, relocated: the seed's own unpacks nothing that was packed with a dictionary
# of more than 64 MiB, as Rust's components are.
{
  step,
  unpack,
  packages,
  libs,
  patchelf,
}:
let
  raw = unpack {
    name = "xz-raw";
    debs = packages.set "xz";
  };
in
step {
  name = "xz";
  path = [ patchelf ];
  script = ''
    mkdir -p $out/bin
    cp ${raw}/usr/bin/xz $out/bin/
    chmod u+w $out/bin/xz
    patchelf --set-interpreter ${libs}/lib/ld-linux-x86-64.so.2 \
      --force-rpath --set-rpath ${libs}/lib $out/bin/xz
    $out/bin/xz --version
  '';
}
