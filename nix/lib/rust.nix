# rustc, rustdoc and cargo, relocated, with the host's standard library.
#
# An empty folder for each known target stands under lib/rustlib: the hermetic
# shell binds that target's std over it, so that one compiler at one path
# serves every target and the paths in its output never vary.
{
  step,
  raw,
  libs,
  patchelf,
  hostStd,
  triples,
}:
step {
  name = "rust";
  path = [ patchelf ];
  inherit triples;
  script = ''
    mkdir -p $out/bin $out/lib/rustlib
    cp ${raw}/usr/bin/rustc ${raw}/usr/bin/rustdoc ${raw}/usr/bin/cargo $out/bin/
    cp ${raw}/usr/lib/x86_64-linux-gnu/librustc_driver-*.so $out/lib/
    chmod -R u+w $out
    for program in $out/bin/*; do
      patchelf --set-interpreter ${libs}/lib/ld-linux-x86-64.so.2 \
        --force-rpath --set-rpath $out/lib:${libs}/lib $program
    done
    patchelf --remove-rpath $out/lib/librustc_driver-*.so
    for triple in $triples; do
      mkdir $out/lib/rustlib/$triple
    done
    rmdir $out/lib/rustlib/x86_64-unknown-linux-gnu
    ln -s ${hostStd} $out/lib/rustlib/x86_64-unknown-linux-gnu
    $out/bin/rustc -vV
    $out/bin/cargo -V
  '';
}
