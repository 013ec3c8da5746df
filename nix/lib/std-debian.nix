# A target's standard library as Debian built it: the folder that belongs at
# lib/rustlib/TRIPLE.
{
  step,
  unpack,
  packages,
}:
target:
let
  raw = unpack {
    name = "std-raw-${target.triple}";
    debs = packages.set "std-${target.arch}";
  };
in
step {
  name = "std-${target.triple}";
  script = ''
    mkdir $out
    cp -r ${raw}/usr/lib/rustlib/${target.triple}/lib $out/lib
  '';
}
