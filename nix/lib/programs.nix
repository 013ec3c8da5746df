# Programs of a set of packages, relocated: they run from where they are, with
# the loader and the libraries of the toolchain.
{
  step,
  unpack,
  packages,
  libs,
  patchelf,
}:
{
  name,
  set ? name,
  programs,
  # Where else they load from.
  libraries ? [ ],
  script,
}:
let
  raw = unpack {
    name = "${set}-raw";
    debs = packages.set set;
  };
in
step {
  inherit name programs;
  path = [ patchelf ];
  script = ''
    mkdir -p $out/bin
    for program in $programs; do
      cp ${raw}/usr/bin/$program $out/bin/
      chmod u+w $out/bin/$program
      patchelf --set-interpreter ${libs}/lib/ld-linux-x86-64.so.2 --force-rpath \
        --set-rpath ${builtins.concatStringsSep ":" (libraries ++ [ "${libs}/lib" ])} $out/bin/$program
    done
    ${script}
  '';
}
